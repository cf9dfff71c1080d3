"use strict";

SwaggerUIBundle({
  url: document.getElementById("page").dataset.document,
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  // Do not send the document to the online validator.
  validatorUrl: null,
});
