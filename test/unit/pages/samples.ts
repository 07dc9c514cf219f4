/** Every page as a function of its texts, so that a test can put one text into each place in turn. */
import {
  enrolTotpPage,
  manageTotpPage,
  recoveryCodesPage,
  signInAgainPage,
  totpDisabledPage,
} from '../../../src/pages/account_totp.ts'
import { changePasswordPage } from '../../../src/pages/change_password.ts'
import { confirmSignOutPage } from '../../../src/pages/confirm_sign_out.ts'
import { consentPage } from '../../../src/pages/consent.ts'
import { errorPage } from '../../../src/pages/error.ts'
import { formPostPage } from '../../../src/pages/form_post.ts'
import { homePage } from '../../../src/pages/home.ts'
import type { Page } from '../../../src/pages/layout.ts'
import { loginPage } from '../../../src/pages/login.ts'
import { setupPage } from '../../../src/pages/setup.ts'
import { setupDonePage } from '../../../src/pages/setup_done.ts'
import { signedOutPage } from '../../../src/pages/signed_out.ts'
import { totpPage } from '../../../src/pages/totp.ts'

/** Gives the text for a place; the place's name is a legible default. */
type Fill = (place: string) => string

export type Sample = { name: string; places: string[]; render(fill: Fill): Page }

const action = '/login'

export const samples: Sample[] = [
  {
    name: 'login',
    places: ['clientName', 'csrf', 'username', 'message', 'realmName'],
    render: (fill) =>
      loginPage({
        action,
        clientName: fill('clientName'),
        csrf: fill('csrf'),
        username: fill('username'),
        message: fill('message'),
        realmName: fill('realmName'),
        certificateAction: 'https://localhost:9443/certificate',
      }),
  },
  {
    name: 'login_elsewhere',
    places: ['clientName', 'csrf', 'issuerPath', 'providerName', 'otherName'],
    render: (fill) =>
      loginPage({
        action,
        clientName: fill('clientName'),
        csrf: fill('csrf'),
        hasPassword: false,
        upstreams: {
          action: '/upstream',
          providers: [
            { issuer: `https://idp.example/${fill('issuerPath')}`, name: fill('providerName') },
            { issuer: 'https://other.example', name: fill('otherName') },
          ],
        },
      }),
  },
  {
    name: 'totp',
    places: ['csrf', 'username', 'message'],
    render: (fill) =>
      totpPage({
        action,
        startOver: action,
        csrf: fill('csrf'),
        username: fill('username'),
        message: fill('message'),
      }),
  },
  {
    name: 'consent',
    places: [
      'clientName',
      'redirectHost',
      'username',
      'scope',
      'words',
      'detail',
      'description',
      'label',
      'value',
      'csrf',
    ],
    render: (fill) =>
      consentPage({
        action,
        clientName: fill('clientName'),
        redirectHost: fill('redirectHost'),
        username: fill('username'),
        scopes: [
          { name: fill('scope'), words: fill('words') },
          { name: 'email', words: 'See your email address' },
        ],
        resources: [{ identifier: 'https://api.example/orders', name: 'Orders' }],
        details: [
          {
            title: fill('detail'),
            description: fill('description'),
            lines: [{ label: fill('label'), values: [fill('value'), 'EUR'] }],
          },
          { title: 'See your accounts', description: undefined, lines: [] },
        ],
        csrf: fill('csrf'),
        unverified: true,
      }),
  },
  {
    name: 'error',
    places: ['code', 'description', 'requestId'],
    render: (fill) => errorPage({ code: fill('code'), description: fill('description'), requestId: fill('requestId') }),
  },
  { name: 'signed_out', places: ['clientName'], render: (fill) => signedOutPage({ clientName: fill('clientName') }) },
  {
    name: 'confirm_sign_out',
    places: ['csrf', 'clientName'],
    render: (fill) => confirmSignOutPage({ action, csrf: fill('csrf'), clientName: fill('clientName') }),
  },
  {
    name: 'form_post',
    places: ['field', 'state', 'query'],
    render: (fill) =>
      formPostPage({
        action: `https://client.example/callback?${fill('query')}`,
        fields: { [fill('field')]: 'a value', state: fill('state') },
      }),
  },
  {
    name: 'setup',
    places: ['csrf', 'message', 'username'],
    render: (fill) => setupPage({ action, csrf: fill('csrf'), message: fill('message'), username: fill('username') }),
  },
  {
    name: 'setup_done',
    places: ['username', 'issuerPath', 'realmId'],
    render: (fill) =>
      setupDonePage({
        username: fill('username'),
        issuer: `https://localhost:8443/${fill('issuerPath')}`,
        realmId: fill('realmId'),
      }),
  },
  {
    name: 'change_password',
    places: ['csrf', 'message', 'username'],
    render: (fill) =>
      changePasswordPage({ action, csrf: fill('csrf'), message: fill('message'), username: fill('username') }),
  },
  {
    name: 'enrol_totp',
    places: ['csrf', 'username', 'message', 'algorithm'],
    render: (fill) =>
      enrolTotpPage({
        action,
        csrf: fill('csrf'),
        username: fill('username'),
        message: fill('message'),
        secretBase32: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
        otpauthUrl: 'otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
        algorithm: fill('algorithm'),
        step: 30,
      }),
  },
  {
    name: 'manage_totp',
    places: ['csrf', 'username', 'message'],
    render: (fill) =>
      manageTotpPage({ action, csrf: fill('csrf'), username: fill('username'), message: fill('message') }),
  },
  {
    name: 'recovery_codes',
    places: ['code', 'username'],
    render: (fill) => recoveryCodesPage({ codes: [fill('code'), 'another'], username: fill('username') }),
  },
  {
    name: 'totp_disabled',
    places: ['username'],
    render: (fill) => totpDisabledPage({ username: fill('username'), again: action }),
  },
  { name: 'sign_in_again', places: [], render: () => signInAgainPage({ signOut: action }) },
  {
    name: 'home',
    places: ['issuerPath', 'version'],
    render: (fill) => homePage({ issuer: `https://localhost:8443/${fill('issuerPath')}`, version: fill('version') }),
  },
]

/** Each place filled with its own name. */
export const plain: Fill = (place) => place
