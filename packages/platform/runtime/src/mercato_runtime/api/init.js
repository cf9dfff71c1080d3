"use strict";

SwaggerUIBundle({
  url: document.getElementById("page").dataset.document,
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  // The operations are what is read first.
  defaultModelsExpandDepth: 0,
  // Do not send the document to the online validator.
  validatorUrl: null,
});
