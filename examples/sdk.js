// What `npm run bundle` makes one file of, and the page imports as /supertokens.js.
export { default } from "supertokens-website";
