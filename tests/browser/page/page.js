// The page: the SDK as its documentation says to set it up, and three ways to call the API, within reach of the scenarios.
import Session from "supertokens-website";
import axios from "axios";

const asked = new URLSearchParams(location.search);
const api = asked.get("api");

// Browsers of a user do not share the lock that tabs share: an option of the SDK leaves it out.
const withoutLock = async () => ({ acquireLock: async () => true, releaseLock: async () => {} });

window.Session = Session;
window.events = [];
Session.init({
    apiDomain: api,
    tokenTransferMethod: asked.get("mode"),
    lockFactory: asked.has("withoutLock") ? withoutLock : undefined,
    onHandleEvent: (event) => window.events.push(event),
    // What a scenario wants to be sent along with the next refresh.
    preAPIHook: async ({ url, requestInit }) => {
        Object.entries(window.withRefresh ?? {}).forEach(([name, value]) => requestInit.headers.set(name, value));
        window.withRefresh = undefined;
        return { url, requestInit };
    },
});
Session.addAxiosInterceptors(axios);

const json = { "Content-Type": "application/json" };

// Calls the API with fetch.
window.call = async (path, method = "GET", body = undefined) => {
    const answer = await fetch(api + path, { method, body, headers: body && json });
    return { status: answer.status, text: await answer.text() };
};

// The same with XMLHttpRequest.
window.callByXhr = (path) =>
    new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("GET", api + path);
        request.onload = () => resolve({ status: request.status, text: request.responseText });
        request.onerror = () => reject(new Error("the request failed"));
        request.send();
    });

// The same with axios.
window.callByAxios = async (path) => {
    const answer = await axios.get(api + path, { transformResponse: (text) => text });
    return { status: answer.status, text: answer.data };
};
