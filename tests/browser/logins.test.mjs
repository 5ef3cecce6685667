// Logins with ten requests beside each, whose answers come late and in any order: nobody is lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { API, inBrowser, load } from "./drive.mjs";

const LOGINS = 300;

// The same numbers in each run, so that a failure comes again.
let seed = 7;
const random = (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
};
const shuffled = (list) => list.map((value) => [random(1e6), value]).sort(([a], [b]) => a - b).map(([, value]) => value);

// What goes on beside a login. It is held before a guard sees it, or once it is answered; `sdk` asks through the SDK.
const REFRESH = "/auth/session/refresh";
const beside = [
    { path: "/who", side: "before" },
    { path: "/who", side: "after" },
    { path: "/who/live", side: "before" },
    { path: "/who/maybe", side: "before" },
    { path: "/act", method: "POST", side: "before" },
    { path: REFRESH, method: "POST", side: "before" },
    { path: REFRESH, method: "POST", side: "after" },
    { path: "/who", side: "before", sdk: true },
    { path: "/who", side: "after", sdk: true },
    { path: "/act", method: "POST", side: "before", sdk: true },
];

// Each way in which one session takes the place of another; `first` makes the one before.
const kinds = {
    "a second login": { path: (user) => `/enter/${user}`, named: (user) => user },
    "a visitor becomes a user": { first: "/visit", path: (user) => `/enter/${user}`, named: (user) => user },
    "proved again": { first: "/enter/ada", path: () => "/prove", named: () => "ada" },
    "a changed password": { first: "/enter/ada", path: () => "/change", named: () => "ada" },
    "a refresh in another tab": { path: (user) => `/enter/${user}`, named: (user) => user, refresh: true },
};

// In the page: what `beside` says, then the login, then all answers in their order.
const round = async ({ login, beside, first, path, refresh, early, order }) => {
    const raw = window.__supertokensOriginalFetch;
    const json = { "Content-Type": "application/json" };
    const release = (keys) => raw("/release", { method: "POST", headers: json, body: JSON.stringify(keys) });
    if (first) await fetch(first, { method: "POST" });
    window.events.splice(0);

    const asked = beside.map(async ({ path, method, side, sdk, key }) => {
        // Of two requests for one URL the browser's cache would hold one back until the other is answered.
        const answer = await (sdk ? fetch : raw)(`${path}?${key}`, { method, headers: { "x-hold": `${side} ${key}` } });
        return answer.status;
    });
    // The other tab has begun by itself.
    await raw(`/held/${asked.length + (refresh ? 1 : 0)}`);
    // With `early`, some are answered when the login is decided and its own answer is still under way: the SDK refreshes, and
    // that is answered after the login.
    const begun = fetch(path, { method: "POST", headers: early ? { "x-hold": `after ${login}` } : {} });
    if (early) {
        const others = asked.length + (refresh ? 1 : 0);
        await raw(`/held/${others + 1}`);
        if (!refresh) window.withRefresh = { "x-hold": `after ${login}-refresh` };
        await release(order.slice(0, early));
        await raw(`/held/${others - early + (refresh ? 1 : 2)}`);
        await release([`${login}`]);
    }
    const { status } = await begun;
    await release([...order.slice(early), `${login}-refresh`]);
    return { status, beside: await Promise.allSettled(asked) };
};

// In the page: who is there now, whether the SDK knows it, and whether a refresh works.
const state = async () => {
    const who = await fetch("/who");
    return {
        name: who.ok ? (await who.json()).name : who.status,
        exists: await Session.doesSessionExist(),
        refreshed: await Session.attemptRefreshingSession().catch((error) => `${error.status ?? error}`),
        existsAfter: await Session.doesSessionExist(),
    };
};

test(`${LOGINS} logins, ten requests beside each`, { timeout: 300_000 }, () =>
    inBrowser(async (context) => {
        const [page, other] = [await context.newPage(), await context.newPage()];
        for (const tab of [page, other]) await load(tab, "cookie", { from: API });
        await page.evaluate(() => fetch("/enter/first", { method: "POST" }));

        const lost = [];
        for (let login = 0; login < LOGINS; login += 1) {
            const kind = Object.keys(kinds)[login % 5];
            const { first, path, named, refresh } = kinds[kind];
            const keys = beside.map((_, index) => `${login}-${index}`);
            // The other tab refreshes by the SDK, and holds its lock meanwhile.
            const elsewhere = refresh && other.evaluate((held) => {
                window.withRefresh = { "x-hold": held };
                return Session.attemptRefreshingSession().catch((error) => `${error.status ?? error}`);
            }, `after ${login}-other`);
            const user = `user${login}`;
            const order = shuffled(refresh ? [...keys, `${login}-other`] : keys);
            const early = [0, 0, 5][login % 3];
            // One of the SDK's comes first, so that it has to refresh.
            const sdk = keys[beside.findIndex(({ side, sdk }) => sdk && side === "before")];
            if (early) order.unshift(...order.splice(order.indexOf(sdk), 1));
            const done = await page.evaluate(round, {
                beside: shuffled(beside.map((one, index) => ({ ...one, key: keys[index] }))),
                login, first, refresh, order, path: path(user), early,
            });
            await elsewhere;
            const found = await page.evaluate(state);
            const there = await other.evaluate(() => Session.doesSessionExist());
            const wanted = { name: named(user), exists: true, refreshed: true, existsAfter: true };
            if (done.status !== 200 || !there || JSON.stringify(found) !== JSON.stringify(wanted)) {
                lost.push(`${kind}: login ${done.status}, ${JSON.stringify(found)}`);
                await context.clearCookies();
                await page.evaluate(() => fetch("/enter/again", { method: "POST" }));
            }
        }
        assert.deepEqual(lost, [], `${lost.length} of ${LOGINS} were lost`);
    }));
