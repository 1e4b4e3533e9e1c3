import createClient from "openapi-fetch";
import type { paths } from "../generated/openapi-typescript/schema";
import { account, check, checkRefused, credentials, SERVICE } from "./flow";

const client = createClient<paths>({ baseUrl: SERVICE, fetch: (request) => fetch(request) });
const { data: csrf } = await client.GET("/auth/csrf");
const headers = { "X-CSRF-Token": csrf?.csrfToken ?? "" };
await client.POST("/auth/signup", { headers, body: account });
const { error } = await client.POST("/auth/signin", { headers, body: { ...credentials, password: "wrong" } });
checkRefused(error?.code === "auth_invalid_credentials" ? error : undefined);
const { data: session } = await client.POST("/auth/signin", { headers, body: credentials });
const { data: me } = await client.GET("/auth/me", { headers: { Authorization: `Bearer ${session?.accessToken}` } });
check(me);
