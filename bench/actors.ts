/** Who takes part in every measurement: the same client and the same person at every server. */

export const CLIENT = {
  id: 'bench',
  secret: 'bench-secret-of-forty-three-characters-0123',
  redirectUri: 'https://client.example/callback',
}

export const PERSON = { username: 'bench-person', password: 'correct horse battery staple 42' }

export const SCOPES = ['openid', 'offline_access', 'api']

export const RESOURCE = 'https://api.example/'

/** RFC 7636 Appendix B – the pair of the specification itself: every request may use the same one. */
export const PKCE = {
  verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
}
