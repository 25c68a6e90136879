/** The sheet of an order: its button prints the page. */
document.querySelector("#print").addEventListener("click", () => window.print());
