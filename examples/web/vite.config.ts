import { createServer } from "node:net";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

const USUAL_PORT = "5173";

/**
 * Two ways to reach the service:
 *
 * - by default the page calls it on its own origin, another port of the same host, with CORS and credentials;
 * - with `--mode one-origin` the page calls its own origin, and Vite passes /auth on, as a reverse proxy would in production.
 *
 * PORT is the service's and WEB_PORT the page's, from the environment or from the .env of `make run`.
 */
export default defineConfig(async ({ command, isPreview, mode }) => {
  const { PORT = "8000", WEB_PORT = USUAL_PORT } = loadEnv(mode, "../..", ["PORT", "WEB_PORT"]);
  const { LATCHKEY_URL = `http://127.0.0.1:${PORT}` } = loadEnv(mode, process.cwd(), "LATCHKEY_");
  const oneOrigin = mode === "one-origin";
  if (command === "serve" && !isPreview) await greet(WEB_PORT, oneOrigin);
  const server = {
    host: "127.0.0.1",
    strictPort: true,
    // With the host that the browser used: the service compares it with the page's origin.
    proxy: oneOrigin ? { "/auth": { target: LATCHKEY_URL, changeOrigin: false } } : {},
  };
  return {
    plugins: [react()],
    define: { __ONE_ORIGIN__: JSON.stringify(oneOrigin), __SERVICE_PORT__: JSON.stringify(PORT) },
    // The client's folder has copies of its own, for its tests.
    resolve: { dedupe: ["axios", "react"] },
    server: { ...server, port: Number(WEB_PORT) },
    preview: { ...server, port: 4173 },
  };
});

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
