import { createServer } from "node:net";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";

const USUAL_PORT = "5173";

/**
 * Two ways to reach the service:
 *
 * - by default the page calls it on its own origin, another port of the same host, with CORS and credentials;
 * - with `--mode one-origin` the page calls its own origin, and Vite passes /auth on, as a reverse proxy would in production.
 *
 * PORT is the service's and WEB_PORT the page's, from the environment or from the .env of `make run`. CAPTCHA_PROVIDER is the
 * project's, hcaptcha or turnstile, where it has one: the pages let its script in, and nobody else's.
 */
export default defineConfig(async ({ command, isPreview, mode }) => {
  const env = loadEnv(mode, "../..", ["PORT", "WEB_PORT", "CAPTCHA_PROVIDER"]);
  const { PORT = "8000", WEB_PORT = USUAL_PORT, CAPTCHA_PROVIDER = "" } = env;
  const { LATCHKEY_URL = `http://127.0.0.1:${PORT}`, VITE_LATCHKEY_URL } = loadEnv(mode, process.cwd(), ["LATCHKEY_", "VITE_"]);
  const oneOrigin = mode === "one-origin";
  if (command === "serve" && !isPreview) await greet(WEB_PORT, oneOrigin);
  const server = {
    host: "127.0.0.1",
    strictPort: true,
    // With the host that the browser used: the service compares it with the page's origin.
    proxy: oneOrigin ? { "/auth": { target: LATCHKEY_URL, changeOrigin: false } } : {},
  };
  const services = VITE_LATCHKEY_URL ? [VITE_LATCHKEY_URL] : ["localhost", "127.0.0.1"].map((host) => `http://${host}:${PORT}`);
  const policy = contentPolicy(oneOrigin ? [] : services, CAPTCHA_PROVIDER, command === "serve" && !isPreview);
  return {
    plugins: [react(), contentSecurity(policy)],
    ...(command === "serve" ? { html: { cspNonce: DEVELOPMENT_NONCE } } : {}),
    define: { __ONE_ORIGIN__: JSON.stringify(oneOrigin), __SERVICE_PORT__: JSON.stringify(PORT) },
    // The client's folder has copies of its own, for its tests.
    resolve: { dedupe: ["axios", "react"] },
    server: { ...server, port: Number(WEB_PORT) },
    preview: { ...server, port: 4173 },
  };
});

const CAPTCHA_HOSTS: Record<string, string> = {
  hcaptcha: "https://hcaptcha.com https://*.hcaptcha.com",
  turnstile: "https://challenges.cloudflare.com",
};

/** Of no use to anybody else: in development Vite puts scripts and styles of its own into the page. */
const DEVELOPMENT_NONCE = "vite";

/** What the pages may load and whom they may call: themselves, the service, and the captcha's provider where there is one. */
function contentPolicy(services: string[], captcha: string, isDevelopment: boolean): string {
  const host = CAPTCHA_HOSTS[captcha] ?? "";
  const own = ["'self'", isDevelopment ? `'nonce-${DEVELOPMENT_NONCE}'` : "", host];
  const rules: Record<string, string[]> = {
    "default-src": ["'none'"],
    "script-src": own,
    "style-src": own,
    "font-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'", ...services, host],
    "frame-src": [host || "'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
  };
  return Object.entries(rules)
    .map(([name, sources]) => `${name} ${sources.filter(Boolean).join(" ")}`)
    .join("; ");
}

/** Says it in the page itself, so that it holds wherever the page is served from. */
function contentSecurity(policy: string): Plugin {
  return {
    name: "content-security-policy",
    transformIndexHtml: () => [
      { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: policy }, injectTo: "head-prepend" },
    ],
  };
}

/** Says in one line what a stack trace would hide, and what the service has to be told. */
async function greet(port: string, oneOrigin: boolean): Promise<void> {
  const failure = await whyNotFree(Number(port));
  if (failure) {
    console.error(
      failure === "EADDRINUSE" ? `Port ${port} is taken; name another one: WEB_PORT=5174 make web` : `WEB_PORT: ${failure}`,
    );
    process.exit(1);
  }
  if (port === USUAL_PORT || oneOrigin) return;
  console.warn(`The service has to allow this page: CORS_ORIGINS=http://localhost:${port},http://127.0.0.1:${port} make run`);
}

function whyNotFree(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      const probe = createServer().once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(undefined)));
    } catch {
      resolve("must be a number from 1 to 65535"); // listen() refuses at once what is none
    }
  });
}
