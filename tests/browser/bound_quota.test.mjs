// A browser signs six times in nine minutes for a site, and no more: what the default lifetimes ask of it is far less.
import assert from "node:assert/strict";
import { test } from "node:test";
import { REFRESHED, bound, expire, hello, send, told } from "./bound.mjs";
import { API, inBrowser, pause } from "./drive.mjs";

const marker = async (context) => (await context.cookies()).find(({ name }) => name.startsWith("__Host-sBound."));
const left = async (context) => (await marker(context)).expires - Date.now() / 1000;

test("the default lifetimes stay within what a browser signs", { timeout: 60_000 }, () =>
    inBrowser(async (context) => {
        const { page, keys } = await bound(context);
        await told();
        const visit = async () => {
            await page.goto(`${API}/member`);
            await hello(page);
            for (let times = 0; times < 5; times += 1) assert.equal((await send(page, "/me")).status, 200);
        };

        // Until two minutes before the marker ends nothing is signed, and it lives for almost ten.
        const lives = await left(context);
        assert.ok(lives > 570 && lives <= 590, `${lives} s`);
        await visit();
        await keys.are();

        // Then the browser refreshes beside a request, once.
        const ends = await marker(context);
        await context.addCookies([{ ...ends, expires: Date.now() / 1000 + 100 }]);
        await visit();
        await keys.wait(REFRESHED);
        await visit();
        await keys.are(REFRESHED);
        assert.ok((await left(context)) > 570);

        // With these and the registration, twenty minutes in a moment.
        for (let times = 0; times < 2; times += 1) {
            await expire(context);
            await visit();
        }
        await pause(100);
        await keys.are(REFRESHED, REFRESHED);
        assert.ok(!(await told()).includes("DeviceProofSkipped"));
        assert.equal((await send(page, "/bound")).text, "true");

        // Whoever asks for more than six waits, and nobody is logged out.
        await expire(context);
        await visit();
        await expire(context);
        assert.equal((await send(page, "/auth/session/refresh", "POST")).status, 503);
        assert.ok((await told()).includes("DeviceProofSkipped"));
        assert.ok(!(await keys.take()).some((said) => said.startsWith("termination")));
        assert.ok((await context.cookies()).some(({ name }) => name.includes("sAccessToken.")));
    }));
