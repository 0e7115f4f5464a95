import type { Agent, ClientRequest } from 'node:http';
import { HttpsProxyAgent, type HttpsProxyAgentOptions } from 'https-proxy-agent';

type Connection = Parameters<HttpsProxyAgent<string>['connect']>[1];

/** Opens an agent that leads calls through a proxy. `proxy` is its URL. */
export function openTunnels(proxy: string, options: HttpsProxyAgentOptions<string>): Agent {
  return new Tunnels(proxy, options);
}

/**
 * Closes also the sockets that wait for the answer to CONNECT: when their request is given up, and when the agent is
 * destroyed. The library forgets them. A proxy that never answers would then keep the process from ending, and take all
 * places for sockets.
 */
class Tunnels extends HttpsProxyAgent<string> {
  readonly #waiting = new Set<AbortController>();

  override async connect(request: ClientRequest, options: Connection) {
    const over = new AbortController();
    this.#waiting.add(over);
    // The request has no socket yet, so its `destroy` closes none and says nothing.
    const { destroy } = request;
    request.destroy = (error) => {
      over.abort();
      return destroy.call(request, error);
    };
    const usual = this.connectOpts;
    try {
      // The library opens the socket with these options before it waits for anything.
      this.connectOpts = { ...usual, signal: over.signal };
      const connected = super.connect(request, options);
      this.connectOpts = usual;
      return await connected;
    } finally {
      this.connectOpts = usual;
      request.destroy = destroy;
      this.#waiting.delete(over);
    }
  }

  override destroy(): void {
    for (const over of this.#waiting) over.abort();
    super.destroy();
  }
}
