// Places an order with the client that openapi-typescript generates, and is refused a second one.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type NewOrder = components["schemas"]["OrdersNewOrder"];

const [address = "", key = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: address });
const headers = { "Idempotency-Key": key };

const { data: found } = await client.GET("/v1/products", {
  params: { query: { q: "gift", currency: "EUR", sort: "-created_at" } },
});
const product = found?.data[0];
if (!product) throw new Error("no product was found");
const { data: variants } = await client.GET("/v1/products/{product_id}/variants", {
  params: { path: { product_id: product.id } },
});
const [first, second] = variants?.data ?? [];
if (!first || !second) throw new Error("the product has too few variants");
const { data: both } = await client.GET("/v1/variants", {
  params: { query: { ids: [first.id, second.id] } },
});
if (both?.data.length !== 2) throw new Error("ids=a&ids=b was not read");

const order: NewOrder = {
  currency: "EUR",
  email: "ts@example.com",
  lines: [{ variant_id: first.id, quantity: 1 }],
  shipping_address: { name: "Tess", line1: "1 Market Street", city: "Bologna", country: "IT" },
};
const placed = await client.POST("/v1/orders", { params: { header: headers }, body: order });
if (!placed.data) throw new Error(JSON.stringify(placed.error));
const refused = await client.POST("/v1/orders", {
  params: { header: { "Idempotency-Key": `${key}-2` } },
  body: { ...order, expected_amount_total: 1 },
});
const problem = refused.error;
if (problem?.code !== "price_changed" || !("amount_total" in problem)) {
  throw new Error(JSON.stringify(problem));
}
console.log(JSON.stringify({ id: placed.data.id, amount_total: problem.amount_total }));
