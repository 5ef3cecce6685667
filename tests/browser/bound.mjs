// What scenarios with bound sessions share: a relay before two replicas, and what the browser does with its keys.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import net from "node:net";
import { after } from "node:test";
import { promisify } from "node:util";
import { API, pause } from "./drive.mjs";
import { ask } from "./neighbours.mjs";

const replicas = process.env.REPLICAS.split(",").map((port) => `https://127.0.0.1:${port}`);

// Where the relay leads, whether nobody is there, and whether the next answer is lost on the way. It sees no plain text.
export const relay = { to: 0, isAway: false, cutsNext: false };
const connections = new Set();
const listener = net.createServer((browser) => {
    if (relay.isAway) return browser.destroy();
    const replica = net.connect(new URL(replicas[relay.to]).port, "127.0.0.1");
    const hangUp = () => {
        connections.delete(hangUp);
        browser.destroy();
        replica.destroy();
    };
    connections.add(hangUp);
    for (const socket of [browser, replica]) socket.on("error", hangUp).on("close", hangUp);
    browser.on("data", (bytes) => replica.write(bytes));
    replica.on("data", (bytes) => {
        if (!relay.cutsNext) return browser.write(bytes);
        relay.cutsNext = false;
        hangUp();
    });
});
await new Promise((listening) => listener.listen(new URL(API).port, "127.0.0.1", listening));
const hangUpAll = () => connections.forEach((hangUp) => hangUp());
after(() => {
    listener.close();
    hangUpAll();
});

// Leads to another replica, or to nobody, from the next request on.
export function lead(change) {
    Object.assign(relay, change);
    hangUpAll();
}

// Asks a replica, outside of any browser.
export const askReplica = (number, path, method = "GET") => ask(replicas[number], path, method);
const askAll = (path, method) => Promise.all(replicas.map((_, number) => askReplica(number, path, method)));

// Lets time pass for the servers: 10 minutes for an access token of a bound session to be over.
export const later = (seconds = 601) => askAll(`/later/${seconds}`, "POST");

// What the servers tell of, since the last look.
export const told = async () => (await askAll("/told")).flatMap((text) => JSON.parse(text));

// Whether the server is there again.
export const isThere = (number) =>
    until(async () => (await askReplica(number, "/open").catch(() => "")) !== "", `replica ${number}`);

export async function until(isSo, what, milliseconds = 10_000) {
    const end = Date.now() + milliseconds;
    while (!(await isSo())) {
        assert.ok(Date.now() < end, `in vain: ${what}`);
        await pause(20);
    }
}

// In the browser's own words.
function said(event) {
    const { creationEventDetails, refreshEventDetails, terminationEventDetails } = event;
    if (creationEventDetails) return `creation ${creationEventDetails.fetchResult}`;
    if (refreshEventDetails) return `refresh ${refreshEventDetails.refreshResult}`;
    if (terminationEventDetails) return `termination ${terminationEventDetails.deletionReason}`;
    return undefined;
}

// Lists what a browser does with its keys; `take` and `are` empty the list.
export async function watch(context, page) {
    const list = [];
    const devtools = await context.newCDPSession(page);
    devtools.on("Network.deviceBoundSessionEventOccurred", (event) => list.push(...[said(event)].filter(Boolean)));
    await devtools.send("Network.enable");
    await devtools.send("Network.enableDeviceBoundSessions", { enable: true });
    // It tells of a refresh a little after the answer that waited for it.
    const take = async () => {
        await pause(100);
        return list.splice(0);
    };
    return {
        take,
        wait: (what) => until(() => list.includes(what), what),
        async are(...wanted) {
            await until(() => list.length >= wanted.length, `${wanted}`);
            assert.deepEqual(await take(), wanted);
        },
    };
}

const CREATED = "creation Success";
export const REFRESHED = "refresh Refreshed";

// Logs in by the form, and waits until the session is bound.
export async function signIn(page, keys, user = "ada") {
    await page.goto(`${API}/sign-in?next=/member`);
    await page.fill("[name=user]", user);
    await page.click("button");
    assert.equal(page.url(), `${API}/member`);
    await keys.wait(CREATED);
    // It proves the new key beside its next request.
    await send(page, "/me");
    await keys.are(CREATED, REFRESHED);
}

// A new tab with a bound session of its own.
export async function bound(context, user = "ada") {
    const page = await context.newPage();
    const keys = await watch(context, page);
    await signIn(page, keys, user);
    return { page, keys };
}

// Has the browser believe that the access token is over.
export const unmark = (context) => context.clearCookies({ name: /^__Host-sBound\./ });

export const marked = async (context) => (await context.cookies()).some(({ name }) => name.startsWith("__Host-sBound."));

// The access token is over, and the browser knows.
export async function expire(context, seconds) {
    await later(seconds);
    await unmark(context);
}

// Asks from the page.
export const send = (page, path, method = "GET", body = undefined) =>
    page.evaluate(
        async ([path, method, body]) => {
            const answer = await fetch(path, { method, body });
            return { status: answer.status, text: await answer.text() };
        },
        [path, method, body],
    );

export const hello = (page) => page.waitForSelector("p:has-text('hello Ada')");

// Sends a copy of these cookies with curl, as a page of the application would; returns status, and whether a token came.
export async function steal(cookies, path, headers = {}, method = "POST") {
    const { hostname, port } = new URL(API);
    const all = {
        Cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
        Origin: API,
        "Sec-Fetch-Site": "same-origin",
        rid: "session",
        ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const how = ["-sk", "-i", "-X", method, "--resolve", `${hostname}:${port}:127.0.0.1`, ...lines, API + path];
    const { stdout } = await promisify(execFile)("curl", how);
    const status = Number(stdout.split(" ")[1]);
    return { status, isToken: /^(set-cookie: [^=]*s(Access|Refresh)Token[^=]*=[^;]|st-access-token: .|front-token: [^r])/im.test(stdout) };
}
