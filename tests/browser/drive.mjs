// What the scenarios share: one Chromium for each file, and the page in it.
import { X509Certificate, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { chromium } from "playwright-core";

// The origins of the two servers.
export const { API, WEBSITE } = process.env;

// Whatever is asked for, it is on this machine.
const nowhereElse = "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1";

// The certificate that main.rs made is a good one, by its key. A browser that only goes on in spite of a bad one leaves
// some headers out.
function trusted() {
    const { publicKey } = new X509Certificate(readFileSync(join(process.env.TLS, "cert.pem")));
    const key = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64");
    return `--ignore-certificate-errors-spki-list=${key}`;
}

const how = {
    executablePath: process.env.CHROMIUM,
    // Root has no sandbox, and the pages are our own.
    args: [
        "--no-sandbox",
        nowhereElse,
        ...(process.env.TLS ? [trusted()] : []),
        ...(process.env.FEATURES ? [`--enable-features=${process.env.FEATURES}`] : []),
    ],
    // Going back must find what a person's browser would have kept.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
};
const launched = await chromium.launch(how);
after(() => launched.close());

// Loads the page, with the SDK in a mode, from the website or from the API's own origin.
export const load = (page, mode, { from = WEBSITE, ...more } = {}) =>
    page.goto(`${from}/?${new URLSearchParams({ mode, api: API, ...more })}`);

// A new tab with the page.
export async function open(context, mode, more = {}) {
    const page = await context.newPage();
    await load(page, mode, more);
    return page;
}

// Calls the API through the SDK, as the page's own code would.
export const call = (page, ...how) => page.evaluate((how) => window.call(...how), how);

export const logIn = (page, user, name = "Ada") =>
    call(page, "/login", "POST", JSON.stringify({ user, name }));

export const refresh = (page) => page.evaluate(() => Session.attemptRefreshingSession());
export const signOut = (page) => page.evaluate(() => Session.signOut());

// What the SDK's own functions say.
export const state = (page) =>
    page.evaluate(async () => {
        if (!(await Session.doesSessionExist())) return "no session";
        return { user: await Session.getUserId(), name: (await Session.getAccessTokenPayloadSecurely()).name };
    });

// The events since the last look; `named` are their names.
export const events = (page) => page.evaluate(() => JSON.parse(JSON.stringify(window.events.splice(0))));
export const named = async (page) => (await events(page)).map((event) => event.action);

// How often a browser has asked for new tokens since the last look.
export function refreshes(context) {
    let count = 0;
    context.on("request", (request) => {
        if (request.method() === "POST" && request.url() === `${API}/auth/session/refresh`) count += 1;
    });
    return () => count - (count -= count);
}

// Waits until the access token has expired, after the seconds that main.rs says: nobody can move the server's clock here.
export const expire = (seconds = 3) => setTimeout(1000 * seconds + 100);
export const pause = setTimeout;

// A scenario in both modes, each in a browser of its own.
export function inBothModes(name, scenario, { atOnce = true, within = inBrowser } = {}) {
    describe(name, { concurrency: atOnce }, () => {
        for (const mode of ["cookie", "header"]) {
            it(`in ${mode} mode`, { timeout: 60_000 }, () => within((context) => scenario({ mode, context })));
        }
    });
}

async function using(context, scenario) {
    try {
        return await scenario(context);
    } finally {
        await context.close();
    }
}

// Runs a scenario in a browser of its own, which takes no cookies of third parties. With `kept` it starts with what another
// has stored.
export const inBrowser = async (scenario, kept = undefined) =>
    using(await launched.newContext({ storageState: kept }), scenario);

// The same in a browser that is set up otherwise.
export const browserWith = async (options, scenario) =>
    using(await launched.newContext(options), scenario);

// Hands a folder for a browser's profile to a scenario.
export async function withProfile(scenario) {
    const folder = await mkdtemp(join(tmpdir(), "profile-"));
    try {
        await scenario(folder);
    } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
}

// A browser with this profile, until the scenario is over.
export const inProfile = async (folder, scenario) =>
    using(await chromium.launchPersistentContext(folder, how), scenario);

// The same in a browser that takes cookies of third parties: a setting of its profile.
export const takingAllCookies = (scenario) =>
    withProfile(async (folder) => {
        const settings = { profile: { block_third_party_cookies: false, cookie_controls_mode: 0 } };
        await mkdir(join(folder, "Default"));
        await writeFile(join(folder, "Default", "Preferences"), JSON.stringify(settings));
        await inProfile(folder, scenario);
    });
