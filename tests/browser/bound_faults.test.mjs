// Bound sessions when something is away: a replica, the database, the network, an answer, the browser itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
    REFRESHED,
    askReplica,
    bound,
    expire,
    hello,
    isThere,
    lead,
    relay,
    send,
    signIn,
    told,
    watch,
} from "./bound.mjs";
import { API, inBrowser, inProfile, pause, withProfile } from "./drive.mjs";

const timeout = 30_000;
const tokens = async (context) => (await context.cookies()).filter(({ name }) => /s(Access|Refresh)Token\./.test(name));

async function comesBack(page) {
    await page.goto(`${API}/member`);
    await hello(page);
}

test("what one replica has registered the other refreshes", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        for (const to of [1, 0, 1]) {
            lead({ to });
            await expire(context);
            await comesBack(page);
        }
        await keys.are(REFRESHED, REFRESHED, REFRESHED);
        lead({ to: 0 });
    }));

test("what one replica has revoked the other refuses", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context, "rex");
        await expire(context);
        lead({ to: 1 });
        await askReplica(0, "/ban/rex", "POST");
        await page.goto(`${API}/member`);
        assert.match(page.url(), /sign-in/);
        assert.deepEqual(await tokens(context), []);
        await keys.wait("refresh FatalError");
        assert.ok(!(await keys.take()).includes(REFRESHED));
        await signIn(page, keys, "rex");
        lead({ to: 0 });
    }));

test("a server that comes back finds its sessions bound", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        // It may be gone before it has answered.
        await askReplica(0, "/stop", "POST").catch(() => {});
        await pause(300);
        await isThere(0);
        await expire(context);
        await comesBack(page);
        assert.equal((await send(page, "/bound")).text, "true");
        await keys.are(REFRESHED);
    }));

test("a browser that comes back finds its key", { timeout: 60_000 }, () =>
    withProfile(async (folder) => {
        await inProfile(folder, (context) => bound(context));
        await inProfile(folder, async (context) => {
            const page = await context.newPage();
            const keys = await watch(context, page);
            await expire(context);
            await comesBack(page);
            assert.equal((await send(page, "/bound")).text, "true");
            await keys.are(REFRESHED);
        });
    }));

test("a database that is away ends no session", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await expire(context);
        const before = await tokens(context);
        await askReplica(0, "/locked/true", "PUT");
        assert.equal((await send(page, "/me")).status, 401);
        await page.goto(`${API}/member`);
        await page.waitForSelector("button:has-text('Continue')");
        await askReplica(0, "/locked/false", "PUT");
        assert.deepEqual(await tokens(context), before);
        await page.evaluate(() => sessionStorage.clear());
        await comesBack(page);
        const said = await keys.take();
        assert.ok(!said.some((one) => one.startsWith("termination")), said);
        assert.equal((await send(page, "/bound")).text, "true");
    }));

test("a network that is away ends no session", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await expire(context);
        lead({ isAway: true });
        assert.equal(await send(page, "/me").catch(() => "away"), "away");
        lead({ isAway: false });
        await comesBack(page);
        await keys.wait(REFRESHED);
        await keys.take();
        assert.equal((await send(page, "/bound")).text, "true");
    }));

test("an answer that is lost is no theft", { timeout }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        for (let times = 0; times < 3; times += 1) {
            await expire(context);
            await send(page, "/open");
            relay.cutsNext = true;
            await comesBack(page);
            assert.ok(!relay.cutsNext);
        }
        await expire(context);
        await comesBack(page);
        assert.ok(!(await told()).includes("TokenTheft"));
        assert.ok((await keys.take()).every((said) => !said.startsWith("termination")));
        assert.equal((await send(page, "/bound")).text, "true");
    }));
