// A browser that can bind no session sees what it saw before there were any.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hello, later, marked, send, told } from "./bound.mjs";
import { API, inBrowser, pause } from "./drive.mjs";

test("a browser without keys goes on as ever", { timeout: 30_000 }, () =>
    inBrowser(async (context) => {
        const page = await context.newPage();
        await page.goto(`${API}/sign-in?next=/member`);
        await page.fill("[name=user]", "ada");
        await page.click("button");
        await hello(page);
        await pause(500);
        assert.equal((await send(page, "/bound")).text, "false");
        assert.equal((await send(page, "/vault")).status, 403);
        assert.ok(!(await marked(context)));
        await told();

        // Its token is an ordinary one.
        await later(1800);
        assert.equal((await send(page, "/me")).status, 200);
        await later(1801);
        await page.goto(`${API}/member`);
        await hello(page);
        const names = await told();
        assert.ok(names.includes("DeviceNotBound") && names.includes("Refreshed"), names);
        assert.ok(!(await marked(context)));
    }));
