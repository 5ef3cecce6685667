// Servers beside the application: other sites, sibling hosts, and one that keeps the bytes it was sent.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { join } from "node:path";
import { after } from "node:test";
import tls from "node:tls";

const folder = process.env.TLS;
const certificate = folder && {
    cert: readFileSync(join(folder, "cert.pem")),
    key: readFileSync(join(folder, "key.pem")),
    ALPNProtocols: ["http/1.1"],
};

// Starts a server on this machine; returns what its origin is at a host.
async function listen(server, scheme) {
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    after(() => {
        server.closeAllConnections?.();
        server.close();
    });
    return (host) => `${scheme}://${host}:${server.address().port}`;
}

// A server with pages, by a function of request and response.
export const serve = (scheme, handler) =>
    listen(scheme === "https" ? https.createServer(certificate, handler) : http.createServer(handler), scheme);

// A server that gets and gives bytes as they are: `answer` makes the response of the request's head, both as buffers. No
// request may have a body.
export function serveBytes(scheme, answer) {
    const connected = (socket) => {
        let head = Buffer.alloc(0);
        socket.on("error", () => socket.destroy());
        socket.on("data", (more) => {
            head = Buffer.concat([head, more]);
            if (!head.includes("\r\n\r\n")) return;
            socket.write(answer(head));
            head = Buffer.alloc(0);
        });
    };
    const server = scheme === "https" ? tls.createServer(certificate, connected) : net.createServer(connected);
    return listen(server, scheme);
}

// Asks a server of this machine, outside of any browser.
export function ask(origin, path, method = "GET", body = undefined) {
    const { protocol, port } = new URL(origin);
    const how = { host: "127.0.0.1", port, path, method, rejectUnauthorized: false };
    return new Promise((resolve, reject) => {
        const request = (protocol === "https:" ? https : http).request(how, async (response) => {
            response.setEncoding("utf8");
            resolve((await response.toArray()).join(""));
        });
        request.on("error", reject);
        request.end(body);
    });
}

// All cookies of a browser, in an order that does not depend on anything.
export async function jar(context) {
    const line = (cookie) => JSON.stringify([cookie.name, cookie.domain, cookie.path, cookie.value, cookie.expires]);
    return (await context.cookies()).map(line).sort();
}

// Somebody in a tab at an application, without the SDK: what each call is answered.
export async function visitor(context, origin) {
    const page = await context.newPage();
    await page.goto(`${origin}/open`);
    const ask = (path, how) =>
        page.evaluate(
            async ([path, how]) => {
                const answer = await fetch(path, how);
                return { status: answer.status, text: await answer.text() };
            },
            [path, how],
        );
    const post = async (path, body = undefined) => {
        const headers = body && { "Content-Type": "application/json" };
        return (await ask(path, { method: "POST", headers, body: body && JSON.stringify(body) })).status;
    };
    return {
        get: async (path) => (await ask(path)).status,
        user: async () => JSON.parse((await ask("/maybe")).text).user,
        logIn: (user) => post("/login", { user, name: "" }),
        refresh: () => post("/auth/session/refresh"),
        signOut: () => post("/auth/signout"),
    };
}
