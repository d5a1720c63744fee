// Cards as they stand on a page, folded; asking them is flash.js.
/** The cards of a page: {id, question, answer, box}; one that is asked both ways is two. */
export function cardsOf(page) {
  return [...page.querySelectorAll("[data-k-card]")].flatMap((mark) => {
    const box = mark.closest("details");
    if (!box) return [];
    const front = () => copy(box.querySelector("summary"));
    const back = () => copy(box).filter((node) => node.nodeName !== "SUMMARY");
    const [id, other] = mark.dataset.kCard.split(" ");
    const card = { id, question: front, answer: back, box };
    return other ? [card, { id: other, question: back, answer: front, box }] : [card];
  });
}

function copy(element) {
  const made = element.cloneNode(true);
  for (const inner of made.querySelectorAll("[id]")) inner.removeAttribute("id");
  return [...made.childNodes];
}
