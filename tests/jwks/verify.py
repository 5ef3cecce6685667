"""Verifies a token with nothing but the published keys, by PyJWT.

Prints its claims and ends with 0, or says why it is refused and ends with 1.
"""

import json
import sys

import jwt

jwks_url, issuer, audience, typ, token = sys.argv[1:]
try:
    key = jwt.PyJWKClient(jwks_url).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        issuer=issuer,
        audience=audience,
        options={"require": ["exp", "iat", "iss", "aud"]},
    )
    if jwt.get_unverified_header(token)["typ"] != typ:
        raise jwt.InvalidTokenError("typ")
    print(json.dumps(claims))
except jwt.InvalidTokenError as refused:
    print(type(refused).__name__)
    sys.exit(1)
