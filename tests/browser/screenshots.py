"""The pictures of the README: ``python -m tests.browser.screenshots`` takes them of the sample's page."""

from pathlib import Path

from tests.browser.opening import open_browser

ROOT = Path(__file__).parents[2]
# Width, height, mode and scale of each.
PICTURES = {
    "report_laptop_light": (1280, 1180, "light", 1),
    "report_phone_dark": (390, 1620, "dark", 1.5),
}


def main():
    page = ROOT / "reports" / "sample" / "report.html"
    with open_browser() as browser:
        for name, (width, height, mode, scale) in PICTURES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=mode, device_scale_factor=scale
            )
            shown = context.new_page()
            shown.goto(page.as_uri())
            shown.screenshot(path=ROOT / "docs" / "images" / f"{name}.png")
            context.close()


if __name__ == "__main__":
    main()
