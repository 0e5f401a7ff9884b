import { test } from "node:test";
import assert from "node:assert";
import { Unauthorized } from "../src/errors.js";

const exampleToken = "test_token_0123456789abcdef";

test("an unknown caller is told to sign in", () => {
  assert.equal(new Unauthorized().status, 401);
  assert.ok(exampleToken);
});
