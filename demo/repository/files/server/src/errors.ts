import type { NextFunction, Request, Response } from "express";
import { log } from "./log.js";

export class Problem extends Error {
  constructor(readonly status: number, readonly title: string) {
    super(title);
  }
}
export class Unauthorized extends Problem {
  constructor() {
    super(401, "sign in first");
  }
}
export class Forbidden extends Problem {
  constructor() {
    super(403, "not allowed");
  }
}

// problems answers every error; what is not a Problem is logged and not told.
export function problems(err: unknown, req: Request, res: Response, _next: NextFunction) {
  if (err instanceof Problem) {
    return res.status(err.status).type("application/problem+json").json({ status: err.status, title: err.title });
  }
  log.error({ err, path: req.path }, "request failed");
  res.status(500).type("application/problem+json").json({ status: 500, title: "something went wrong"{{if flaw "hygiene/source-error"}}, detail: (err as Error).stack{{end}} });
}
