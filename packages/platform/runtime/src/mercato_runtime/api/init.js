"use strict";

// A text that no other request has: the same key would give the stored response again.
const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");

SwaggerUIBundle({
  url: document.getElementById("page").dataset.document,
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  // The operations are what is read first.
  defaultModelsExpandDepth: 0,
  // Do not send the document to the online validator.
  validatorUrl: null,
  requestInterceptor: (request) => {
    if ("Idempotency-Key" in request.headers) {
      request.headers["Idempotency-Key"] = newKey();
    }
    return request;
  },
});
