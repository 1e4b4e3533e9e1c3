import type { Arrived, FailureOf, LatchkeyErrorBody, OperationError, SuccessOf, TransportError } from "../errors.ts";
import type { paths } from "../schema.ts";

/** What the contract says of an operation, by its method and its path. Nothing here is left at run time. */

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

type Operation<M extends Method, Path extends keyof paths> = paths[Path][Lowercase<M>];

/** The paths that have this method. */
export type PathsOf<M extends Method> = {
  [Path in keyof paths]: Operation<M, Path> extends { responses: unknown } ? Path : never;
}[keyof paths];

export type Answer<M extends Method, Path extends keyof paths> = SuccessOf<Operation<M, Path>>;

/** Whatever is no GET fetches its CSRF token first, and that can fail too. */
export type CallError<M extends Method, Path extends keyof paths> =
  | Extract<FailureOf<Operation<M, Path>> & Arrived, LatchkeyErrorBody>
  | TransportError
  | (M extends "GET" ? never : OperationError<"getCsrfToken">);

type JsonContent<Body> = { content: { "application/json": Body } };

type BodyOf<Operation> = Operation extends { requestBody?: never }
  ? { body?: never }
  : Operation extends { requestBody: JsonContent<infer Body> }
    ? { body: Body }
    : Operation extends { requestBody?: JsonContent<infer Body> }
      ? { body?: Body | undefined }
      : never;

type NamesOf<Operation> = Operation extends { parameters: { path: infer Names extends Record<string, string> } }
  ? { path: Names }
  : { path?: never };

/** A success without content has to be asked for, so that nobody else's empty answer is taken for one. */
type EmptinessOf<Operation> = null extends SuccessOf<Operation> ? { mayBeEmpty: true } : { mayBeEmpty?: boolean };

/** What a request consists of, besides its method and path. `token`: the access token. */
export type Init<M extends Method, Path extends keyof paths> = BodyOf<Operation<M, Path>> &
  NamesOf<Operation<M, Path>> &
  EmptinessOf<Operation<M, Path>> & { token?: string | null | undefined };
