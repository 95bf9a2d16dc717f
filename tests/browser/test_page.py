"""The page as people see it: no overflow, nothing clipped, nothing loaded, readable, and accessible by axe-core."""

from contextlib import contextmanager

import pytest

from .opening import asked_axe, breaches

WIDTHS = {"narrow": (320, 640), "phone": (390, 844), "laptop": (1280, 800)}
MODES = ("light", "dark")

# Elements with text of their own whose box leaves the window, unless a frame that scrolls or clips holds them.
OUTSIDE = """() => {
  const framed = node => node.closest('.scroll, nav ol, .hidden, .skip');
  return [...document.querySelectorAll('body *')]
    .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()))
    .filter(node => node.offsetParent && !framed(node))
    .filter(node => { const box = node.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth + 1; })
    .map(node => node.outerHTML.slice(0, 120));
}"""
# Tables that do not fit into their frame.
SCROLLED = """() => [...document.querySelectorAll('.scroll')]
  .filter(frame => frame.offsetParent && frame.scrollWidth > frame.clientWidth + 1)
  .map(frame => frame.getAttribute('aria-label'))"""


@contextmanager
def shown(browser, file, width, mode, **media):
    """Yield the page in a window, and what it says or asks for meanwhile."""
    context = browser.new_context(
        viewport={"width": width[0], "height": width[1]}, color_scheme=mode, **media
    )
    # A busy machine may be slow to draw; nothing here is about time.
    context.set_default_timeout(180_000)
    page, heard, asked = context.new_page(), [], []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    try:
        yield page, heard, asked
    finally:
        context.close()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_nothing_leaves_the_window_and_nothing_is_asked_for(browser, page_file, width, mode):
    with shown(browser, page_file, width, mode) as (page, heard, asked):
        assert page.evaluate("document.documentElement.scrollWidth") <= width[0]
        assert page.evaluate(OUTSIDE) == []
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width[0]
        assert page.evaluate(OUTSIDE) == []
        assert heard == []
        assert [url for url in asked if not url.startswith("data:image/svg+xml,")] == [page_file.as_uri()]


def test_the_queue_fits_a_laptop_and_is_cards_on_a_phone(browser, page_file):
    for width in WIDTHS.values():
        with shown(browser, page_file, width, "light") as (page, _, _):
            queue = page.get_attribute("#queue .scroll", "aria-label")
            assert queue not in page.evaluate(SCROLLED)
            row = page.locator("#queue tbody tr:not(.beneath)").nth(1)
            assert (row.bounding_box()["height"] > 120) == (width[0] < 700)
            labels = "cell => getComputedStyle(cell, '::before').content"
            named = [cell.evaluate(labels) for cell in row.locator("td").all()]
            assert any("Failed recoveries" in name for name in named) == (width[0] < 700)


def test_a_card_is_still_a_table_to_those_who_listen(browser, page_file):
    with shown(browser, page_file, WIDTHS["phone"], "light") as (page, _, _):
        table = page.get_by_role("table", name="The queue")
        assert table.get_by_role("columnheader").count() >= 8
        assert table.get_by_role("rowheader").count() == page.locator("#queue tbody tr:not(.beneath)").count()


@pytest.mark.parametrize("mode", MODES)
def test_every_chart_is_drawn_and_stands_out_from_its_ground(browser, page_file, mode):
    with shown(browser, page_file, WIDTHS["laptop"], mode) as (page, _, _):
        images = page.evaluate(
            "[...document.images].map(image => [image.complete, image.naturalWidth, image.alt])"
        )
        assert len(images) >= 7
        assert all(done and width > 0 and alt for done, width, alt in images)
        for image in page.locator("figure img").all():
            dark, light = _extremes(image.screenshot())
            assert _contrast(dark, light) >= 4.5


@pytest.mark.parametrize(
    ("width", "mode"), [(WIDTHS["phone"], "dark"), (WIDTHS["laptop"], "light")], ids=MODES[::-1]
)
def test_axe_finds_no_violation(browser, page_file, width, mode):
    with shown(browser, page_file, width, mode, bypass_csp=True) as (page, _, _):
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        found = asked_axe(page)
        assert breaches(found) == []
        # Contrast was really looked at: on hundreds of pieces of text.
        looked = {each["id"]: len(each["nodes"]) for each in found["passes"]}
        assert looked["color-contrast"] > 100


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("mode", MODES)
def test_print_holds_everything_within_the_paper(browser, page_file, paper, mode):
    width = {"A4": (794, 1123), "Letter": (816, 1056)}[paper]
    with shown(browser, page_file, width, mode) as (page, heard, _):
        page.emulate_media(media="print", color_scheme=mode)
        assert page.evaluate("document.documentElement.scrollWidth") <= width[0]
        assert page.evaluate(SCROLLED) == []
        # What is folded away on the screen stands open on paper, and the ground stays white.
        hidden = (
            "[...document.querySelectorAll('details table')].filter(t => !t.getClientRects().length).length"
        )
        assert page.evaluate(hidden) == 0
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(36, 34, 31)"
        made = page.pdf(format=paper)
        assert made.startswith(b"%PDF")
        assert made.count(b"/Type /Page\n") > 3
        assert heard == []


def _extremes(png):
    """Return the darkest and the lightest colour that cover at least one pixel in a thousand."""
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    counts = image.getcolors(image.width * image.height)
    colours = [colour for count, colour in counts if count >= image.width * image.height / 1000]
    return min(colours, key=_luminance), max(colours, key=_luminance)


def _luminance(colour):
    parts = [c / 255 for c in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(dark, light):
    return (_luminance(light) + 0.05) / (_luminance(dark) + 0.05)
