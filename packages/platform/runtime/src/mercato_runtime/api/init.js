"use strict";

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  // Nothing is sent to a validator on the net.
  validatorUrl: null,
});
