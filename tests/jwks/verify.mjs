// Verifies a token with nothing but the published keys, by `jose`.
// Prints its claims and ends with 0, or says why it is refused and ends with 1.
import { webcrypto } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

globalThis.crypto ??= webcrypto; // Node 18 has it only here

const [jwksUrl, issuer, audience, typ, token] = process.argv.slice(2);
try {
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  const { payload } = await jwtVerify(token, keys, { issuer, audience, typ });
  console.log(JSON.stringify(payload));
} catch (error) {
  const refused =
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWKSNoMatchingKey;
  console.log(`${error.code} ${error.claim ?? ""}`.trim());
  process.exitCode = refused ? 1 : 2;
}
