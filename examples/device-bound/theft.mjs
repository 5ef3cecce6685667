// Somebody copies the cookies of a browser, and tries what they are good for. `run` starts the site.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { chromium } from "../../tests/browser/node_modules/playwright-core/index.mjs";

const { SITE, PUBLIC_KEY, CHROMIUM } = process.env;
const { hostname, port } = new URL(SITE);
const device = "/auth/session/refresh/device";

const say = (who, what, outcome) => console.log(`${who.padEnd(6)}${what.padEnd(38)}${outcome}`);

// Root has no sandbox, and the page is our own. The key is in software, for machines without the hardware; the
// certificate is a good one, by its public key.
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: [
    "--no-sandbox",
    `--host-resolver-rules=MAP ${hostname} 127.0.0.1`,
    `--ignore-certificate-errors-spki-list=${PUBLIC_KEY}`,
    "--enable-features=EnableBoundSessionCredentialsSoftwareKeysForManualTesting,DeviceBoundSessions",
  ],
});
const context = await browser.newContext();
const page = await context.newPage();
const marker = async () => (await context.cookies()).find(({ name }) => name.startsWith("__Host-sBound."));

async function curl(...how) {
  const resolve = `${hostname}:${port}:127.0.0.1`;
  const { stdout } = await promisify(execFile)("curl", ["--silent", "--insecure", "--resolve", resolve, ...how]);
  return stdout;
}

async function visit(what) {
  await page.goto(`${SITE}/account`);
  say("owner", what, await page.textContent("body"));
}

/** The life of the marker is counted by this machine's clock, which nobody moves. */
async function refresh() {
  await context.clearCookies({ name: (await marker()).name });
  await visit("refreshes");
}

/** What the thief gets, who says all that a page of the site would say. */
async function tries(what, cookies, path, ...how) {
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const headers = ["-H", `Cookie: ${cookie}`, "-H", "Sec-Fetch-Site: same-origin", "-H", `Origin: ${SITE}`];
  const answer = await curl("--include", ...headers, ...how, SITE + path);
  const status = answer.split(" ")[1];
  const hasToken = /^set-cookie: [^=]*Token[^=]*=[^;]/im.test(answer);
  say("thief", what, `${status}, ${hasToken ? "a new token" : "no token"}`);
  return answer.match(/^location: (.*)\r$/im)?.[1];
}

/** The thief reads the session's public name in the access token. */
function sessionOf(cookies) {
  const token = cookies.find(({ name }) => name.includes("sAccessToken.")).value;
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url")).sessionHandle;
}

async function steals(cookies) {
  await tries("opens the account", cookies, "/account");
  const again = await tries("refreshes", cookies, "/auth/session/refresh", "-X", "POST");
  if (again) await tries("follows the redirect", cookies, again, "-X", "POST");
  const session = `Sec-Secure-Session-Id: ${sessionOf(cookies)}`;
  await tries("refreshes as a browser does", cookies, device, "-X", "POST", "-H", session);
}

await page.goto(`${SITE}/login`);
await page.click("button");
while (!(await marker())) await page.waitForTimeout(50);
await visit("logs in");
// The browser proves its new key beside that request.
await page.waitForTimeout(500);

const stolen = await context.cookies();
say("thief", "copies the cookies", stolen.map(({ name }) => name.replace(/\..*/, "")).sort().join(" "));
await steals(stolen);

await curl("-X", "POST", `${SITE}/eleven-minutes-later`);
console.log("eleven minutes later");
await steals(stolen);

await refresh();
await steals(stolen);
await browser.close();
