/** Requests over one connection that is kept open. */
import { type Agent, get } from 'node:https'
import type { TLSSocket } from 'node:tls'

/** The port of this side of the connection, which names it; rejects when the answer is not 200. */
export const getOver = (agent: Agent, url: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      const { localPort } = answer.socket as TLSSocket
      answer.resume().once('end', () => {
        if (answer.statusCode === 200) resolve(localPort)
        else reject(new Error(`${url} answered ${answer.statusCode}`))
      })
    }).once('error', reject)
  })
