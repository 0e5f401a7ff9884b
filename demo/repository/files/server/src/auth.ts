import type { NextFunction, Request, Response } from "express";
import { jwtVerify } from "jose";
import { env } from "./env.js";
import { Unauthorized, Forbidden } from "./errors.js";

const key = new TextEncoder().encode(env.SESSION_SECRET);

export interface Principal {
  userId: string;
  tenantId: string;
  role: "viewer" | "member" | "admin";
}

declare module "express" {
  interface Request {
    user?: Principal;
  }
}

// requireUser is the one place where Harbor decides who is calling.
export async function requireUser(req: Request, _res: Response, next: NextFunction) {
  const header = req.headers.authorization ?? "";
  if (!header.startsWith("Bearer ")) {
    return next(new Unauthorized());
  }
  try {
    const { payload } = await jwtVerify(header.slice(7), key, { algorithms: ["HS256"], issuer: "harbor", audience: "harbor-api" });
    req.user = { userId: payload.sub!, tenantId: payload.tenant as string, role: payload.role as Principal["role"] };
    next();
  } catch {
    next(new Unauthorized());
  }
}

// requireAdmin stands after requireUser.
export function requireAdmin(req: Request, _res: Response, next: NextFunction) {
  next(req.user?.role === "admin" ? undefined : new Forbidden());
}
