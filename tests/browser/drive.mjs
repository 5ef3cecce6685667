// What the scenarios share: one Chromium for each file, and the page in it.
import { after, test } from "node:test";
import { chromium } from "playwright-core";

export const { API, WEBSITE } = process.env;

// Whatever is asked for, it is on this machine.
const nowhereElse = "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1";

const launched = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", nowhereElse],
    // A page that went into the cache of whole pages must be found there.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
});
after(() => launched.close());

// A browser of its own: no cookie and no storage of another.
export const browser = () => launched.newContext({ ignoreHTTPSErrors: true });

// The page, with the SDK in a mode, from the website or from the API's own origin.
export async function open(context, mode, from = WEBSITE) {
    const page = await context.newPage();
    await load(page, mode, from);
    return page;
}

export const load = (page, mode, from = WEBSITE) =>
    page.goto(`${from}/?${new URLSearchParams({ mode, api: API })}`);

// Calls the API through the SDK, as the page's own code would.
export const call = (page, ...how) => page.evaluate((how) => window.call(...how), how);

export const logIn = (page, user, name = "Ada") =>
    call(page, "/login", "POST", JSON.stringify({ user, name }));

// What the SDK's own functions say.
export const state = (page) =>
    page.evaluate(async () => {
        if (!(await Session.doesSessionExist())) return "no session";
        return { user: await Session.getUserId(), name: (await Session.getAccessTokenPayloadSecurely()).name };
    });

// The events since the last look, by name.
export const events = (page) => page.evaluate(() => window.events.splice(0).map((event) => event.action));

// Waits until tokens that live for `seconds` have expired: this clock is the browser's own, and nobody can move it.
export const expire = (page, seconds = 1) => page.waitForTimeout(seconds * 1000 + 100);

// A scenario in both modes, each in a browser of its own.
export function inBothModes(name, scenario) {
    for (const mode of ["cookie", "header"]) {
        test(`${mode} mode: ${name}`, { timeout: 60_000 }, async () => {
            const context = await browser();
            try {
                await scenario({ mode, context });
            } finally {
                await context.close();
            }
        });
    }
}
