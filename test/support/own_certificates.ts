/** A certificate authority of a test's own, and a server of it whose key and certificate can be replaced while it runs. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { type Issued, issue, issueAuthority } from './pki.ts'
import { type Prepared, prepareServer } from './server.ts'

/** In one step: nobody ever reads half of it. */
export const replaceFile = (path: string, content: string, mode = 0o644): void => {
  writeFileSync(`${path}.new`, content, { mode })
  renameSync(`${path}.new`, path)
}

export type OwnCertificates = {
  prepared: Prepared
  key: string
  certificate: string
  /** Another key and certificate for `localhost`; `days` around now. */
  issue(days?: readonly [from: number, to: number]): Promise<Issued>
  install(issued: Issued): void
  remove(): Promise<void>
}

export const prepareOwnCertificates = async (config: Record<string, unknown> = {}): Promise<OwnCertificates> => {
  const folder = mkdtempSync(join(tmpdir(), 'auth_server_own-'))
  const root = await issueAuthority({ subject: 'CN=Own authority', days: [-1, 3_650] })
  const [key, certificate, anchor] = ['server.key', 'server.crt', 'ca.crt'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const install = (issued: Issued): void => {
    replaceFile(key, issued.keyPem, 0o600)
    replaceFile(certificate, issued.pem)
  }
  const issueServer: OwnCertificates['issue'] = (days = [-1, 90]) =>
    issue({ subject: 'CN=localhost', days, names: [{ type: 'dns', value: 'localhost' }] }, root)
  install(await issueServer())
  writeFileSync(anchor, root.pem)
  const prepared = await prepareServer({
    config: {
      ...config,
      tls_params: { server_private_key: key, server_certificate: certificate, server_ca_chain: anchor },
    },
  })
  return {
    prepared: { ...prepared, ca: root.pem },
    key,
    certificate,
    issue: issueServer,
    install,
    async remove() {
      await prepared.remove()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The serial number that a new handshake shows; rejects when there is no handshake. */
export const shownSerial = ({ port, ca }: { port: number; ca: string }): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    })
    socket.once('error', reject)
  })
