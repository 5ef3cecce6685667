// Sessions that are bound to a key, as a browser lives with them: its own pages and scripts, other sites, a thief.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
    REFRESHED,
    askReplica,
    bound,
    expire,
    hello,
    later,
    marked,
    send,
    signIn,
    steal,
    told,
    unmark,
    watch,
} from "./bound.mjs";
import { API, browserWith, inBrowser, pause } from "./drive.mjs";
import { serve } from "./neighbours.mjs";

const timeout = 30_000;

const elsewhere = (
    await serve("https", ({ url }, response) => {
        response.writeHead(200, { "Content-Type": "text/html" });
        response.end(`<!doctype html><title>Elsewhere</title><a href="${API}${url}">there</a>
            <form method="post" action="${API}${url}"><button>post</button></form>`);
    })
)("www.elsewhere.test");

test("a login by a form is bound", { timeout }, () =>
    inBrowser(async (context) => {
        const { page } = await bound(context, "bo");
        assert.equal((await send(page, "/bound")).text, "true");
        assert.equal((await send(page, "/vault")).text, "gold");
        assert.deepEqual(JSON.parse((await send(page, "/sessions-of/bo")).text), { all: 1, bound: 1 });
        assert.ok(await marked(context));
    }));

test("the browser refreshes before whatever comes next", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await expire(context);
        const answer = await page.goto(`${API}/member`);
        assert.equal(answer.status(), 200);
        await hello(page);
        await keys.are(REFRESHED);

        await expire(context);
        assert.equal((await send(page, "/me")).status, 200);
        await keys.are(REFRESHED);

        await expire(context);
        assert.deepEqual(await send(page, "/notes", "POST", "milk"), { status: 200, text: "milk" });
        await keys.are(REFRESHED);

        await expire(context);
        const greeting = page.evaluate(
            () =>
                new Promise((resolve, reject) => {
                    const socket = new WebSocket(`wss://${location.host}/socket`);
                    socket.onmessage = ({ data }) => resolve(data);
                    socket.onerror = () => reject(new Error("no socket"));
                }),
        );
        assert.equal(await greeting, "ada");
        await keys.are(REFRESHED);

        // The rotation goes on for as long as it likes, also over a night's sleep.
        for (const seconds of [601, 601, 8 * 3600]) {
            await expire(context, seconds);
            await page.reload();
            await hello(page);
        }
        await keys.are(REFRESHED, REFRESHED, REFRESHED);
    }));

test("six requests and two tabs refresh once", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        const other = await context.newPage();
        await other.goto(`${API}/member`);
        await expire(context);
        await told();
        const six = (page) =>
            page.evaluate(() => Promise.all(Array.from({ length: 6 }, async () => (await fetch("/me")).status)));
        const all = await Promise.all([six(page), six(other)]);
        assert.deepEqual(all.flat(), Array(12).fill(200));
        assert.deepEqual((await keys.take()).filter((said) => said !== REFRESHED), []);
        assert.deepEqual((await told()).filter((name) => name === "Refreshed"), ["Refreshed"]);
    }));

test("a token that is over beside a marker comes back by the page", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await later();
        await page.goto(`${API}/member`);
        await hello(page);
        await keys.are(REFRESHED);
        assert.equal(page.url(), `${API}/member`);

        await later();
        // A script is answered 401, without the marker: its next try is held back.
        assert.equal((await send(page, "/me")).status, 401);
        assert.ok(!(await marked(context)));
        assert.equal((await send(page, "/me")).status, 200);
        await keys.are(REFRESHED);
    }));

test("without scripts one press of a button brings the page back", { timeout }, () =>
    browserWith({ javaScriptEnabled: false }, async (context) => {
        const { page, keys } = await bound(context);
        await later();
        await page.goto(`${API}/member`);
        await page.click("button:has-text('Continue')");
        await hello(page);
        await keys.are(REFRESHED);
    }));

test("the route sends a page that still has its marker back to itself", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        const statuses = [];
        page.on("response", (response) => {
            const { pathname, search } = new URL(response.url());
            if (pathname.includes("/session/refresh/page")) statuses.push([response.status(), search.split("=")[0]]);
        });
        await later();
        // The page is left without a guard to remove the marker.
        await page.evaluate(() => {
            const form = document.createElement("form");
            form.method = "post";
            form.action = "/auth/session/refresh/page";
            for (const name of ["next", "login"]) {
                const input = document.createElement("input");
                [input.name, input.value] = [name, "/member?back"];
                form.append(input);
            }
            document.body.append(form);
            form.submit();
        });
        await page.waitForURL(`${API}/member?back`);
        await hello(page);
        assert.deepEqual(statuses, [
            [307, ""],
            [303, "?device"],
        ]);
        await keys.are(REFRESHED);
    }));

test("a link of another site leads to the page", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        for (const isMarked of [false, true]) {
            // A tab comes back by itself once in five minutes.
            await page.evaluate(() => sessionStorage.clear());
            await page.goto(`${elsewhere}/member`);
            await later();
            if (!isMarked) await unmark(context);
            await page.click("a");
            await hello(page);
            assert.equal(page.url(), `${API}/member`);
            await keys.are(REFRESHED);
        }
    }));

test("another site registers nothing and refreshes nothing", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await later();
        const before = await context.storageState();
        for (const path of ["/auth/session/refresh/device", "/auth/session/refresh/device/register"]) {
            await page.goto(elsewhere + path);
            for (const mode of ["no-cors", "cors"]) {
                const how = { method: "POST", mode, credentials: "include" };
                await page.evaluate(([url, how]) => fetch(url, how).catch(() => {}), [API + path, how]);
            }
            const [answer] = await Promise.all([page.waitForResponse(API + path), page.click("button")]);
            assert.equal(answer.status(), 401);
            await page.waitForURL("chrome-error://chromewebdata/");
        }
        await keys.are();
        assert.deepEqual((await context.storageState()).cookies, before.cookies);
        await unmark(context);
        await page.goto(`${API}/member`);
        await hello(page);
        await keys.are(REFRESHED);
    }));

test("whoever signs out has to log in again, and is bound again", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await Promise.all([page.waitForNavigation(), page.click("button:has-text('Leave')")]);
        assert.deepEqual((await context.cookies()).map(({ name }) => name), []);
        await page.goto(`${API}/member`);
        assert.match(page.url(), /sign-in/);
        await keys.wait("refresh FatalError");
        assert.ok(!(await keys.take()).includes(REFRESHED));
        await signIn(page, keys);
        assert.equal((await send(page, "/bound")).text, "true");
    }));

test("a second login leaves the cookies of the first, when that is refused", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await page.goto(`${API}/sign-in?next=/member`);
        await page.fill("[name=user]", "ada");
        await page.click("button");
        await keys.wait("creation Success");
        await send(page, "/me");
        await keys.wait(REFRESHED);
        await pause(500);
        await keys.take();
        await expire(context);
        await page.goto(`${API}/member`);
        await hello(page);
        await keys.wait(REFRESHED);
        await keys.take();
        assert.equal((await send(page, "/bound")).text, "true");
        for (let times = 0; times < 2; times += 1) {
            await expire(context);
            await page.goto(`${API}/member`);
            await hello(page);
            await keys.are(REFRESHED);
        }
    }));

test("a copied jar gets no token, and its owner goes on", { timeout: 60_000 }, () =>
    inBrowser(async (context) => {
        const page = await context.newPage();
        const keys = await watch(context, page);
        const login = page.waitForResponse((response) => response.request().method() === "POST");
        await signIn(page, keys, "vic");
        const unbound = await cookiesOf(await login);
        const before = await context.cookies();
        await expire(context);
        await page.reload();
        await hello(page);
        // The network log has a proof, whose challenge is over.
        const proof = JSON.parse(await askReplica(0, "/last-proof"));
        assert.deepEqual(Object.keys(proof), ["Sec-Secure-Session-Id", "Secure-Session-Response"]);
        const after = await context.cookies();
        await later(721);
        await told();
        const device = "/auth/session/refresh/device";
        const form = { "Content-Type": "application/x-www-form-urlencoded" };
        for (const jar of [unbound, before, after]) {
            for (const [path, headers, method] of [
                ["/auth/session/refresh"],
                [`/auth/session/refresh?device=${Date.now()}`],
                ["/auth/session/refresh", { "st-auth-mode": "header" }],
                ["/auth/session/refresh", { Authorization: `Bearer ${refreshToken(jar)}` }],
                ["/auth/session/refresh", { "Secure-Session-Skipped": "unreachable" }],
                [`/auth/session/refresh?device=1`, { "Secure-Session-Skipped": "unreachable" }],
                ["/auth/session/refresh/page", form],
                [`/auth/session/refresh/page?device=${Date.now()}`, form],
                [device],
                [device, proof],
                [device, { ...proof, "Secure-Session-Response": "" }],
                [`${device}/register`],
                [`${device}/register`, proof],
                ["/member", {}, "GET"],
                ["/me", {}, "GET"],
                ["/auth/signout-elsewhere"],
            ]) {
                const { status, isToken } = await steal(jar, path, headers, method);
                assert.ok(!isToken, `${method ?? "POST"} ${path} ${JSON.stringify(headers)}: ${status} with a token`);
            }
        }
        const names = await told();
        assert.ok(names.includes("UnprovedRefresh"), names);
        assert.ok(!names.some((name) => ["Refreshed", "TokenTheft", "Revoked", "DeviceBindingDropped"].includes(name)), names);
        for (let times = 0; times < 3; times += 1) {
            await expire(context);
            await page.reload();
            await hello(page);
        }
        assert.ok((await keys.take()).every((said) => said === REFRESHED));
    }));

// The cookies that an answer sets.
async function cookiesOf(response) {
    const lines = (await response.headersArray()).filter(({ name }) => name.toLowerCase() === "set-cookie");
    return lines.flatMap(({ value }) => value.split("\n")).map((line) => {
        const [name, value] = line.split(";")[0].split(/=(.*)/s);
        return { name, value };
    });
}

const refreshToken = (jar) => jar.find(({ name }) => name.includes("sRefreshToken.")).value;

test("a page is held back for no excluded path", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await expire(context);
        assert.equal((await send(page, "/open")).status, 200);
        await keys.are();
    }));
