// Mocks answer with the contract's examples (useExamples); without it they make up values, and no token looks like one.
const input = process.env.CONTRACT ?? "../../openapi/auth.yaml";
const baseUrl = { runtime: 'process.env["LATCHKEY_URL"] ?? ""' };
const mock = { generators: [{ type: "msw", useExamples: true, delay: false, baseUrl: "*" }] };

export default {
  mocks: { input, output: { target: "generated/orval-mocks/latchkey.ts", client: "fetch", mode: "split", mock, baseUrl } },
  schemas: { input, output: { target: "generated/orval-mocks/zod.ts", client: "zod" } },
};
