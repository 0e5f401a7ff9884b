{{if flaw "model/source-analytics"}}import { Client } from "./vendor.js";

export const analytics = new Client("harbor");
{{end}}