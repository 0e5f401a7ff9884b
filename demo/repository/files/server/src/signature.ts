import { createHmac, timingSafeEqual } from "node:crypto";
import type { NextFunction, Request, Response } from "express";
import { env } from "./env.js";
import { Unauthorized } from "./errors.js";

// signed lets an event of the CRM pass when its signature is right and fresh.
export function signed(req: Request & { rawBody?: Buffer }, _res: Response, next: NextFunction) {
  const m = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(req.headers["x-harbor-signature"] ?? ""));
  if (!m || Math.abs(Date.now() / 1000 - Number(m[1])) > 300) {
    return next(new Unauthorized());
  }
  const want = createHmac("sha256", env.CRM_WEBHOOK_SECRET).update(`${m[1]}.`).update(req.rawBody ?? "").digest();
  next(timingSafeEqual(want, Buffer.from(m[2], "hex")) ? undefined : new Unauthorized());
}
