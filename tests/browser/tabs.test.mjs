// Ten tabs whose tokens expire together.
import assert from "node:assert/strict";
import { call, expire, inBothModes, logIn, named, open, refreshes, state } from "./drive.mjs";

for (const [how, more] of [["that wait for each other", {}], ["that do not", { withoutLock: true }]]) {
    inBothModes(`ten tabs ${how} refresh at once and stay logged in`, async ({ mode, context }) => {
        const first = await open(context, mode, more);
        await logIn(first, "ada");
        const others = Array.from({ length: 9 }, () => open(context, mode, more));
        const tabs = [first, ...(await Promise.all(others))];
        const refreshed = refreshes(context);
        for (const round of [1, 2]) {
            await expire();
            const answers = await Promise.all(tabs.map((tab) => call(tab, "/me")));
            assert.deepEqual(answers.map((answer) => answer.status), Array(10).fill(200), `round ${round}`);
            assert.ok(refreshed() >= 1, `round ${round}`);
        }
        for (const tab of tabs) {
            assert.ok(!(await named(tab)).includes("UNAUTHORISED"));
            assert.deepEqual(await state(tab), { user: "ada", name: "Ada" });
        }
    });
}
