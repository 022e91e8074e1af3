"""The page of `xpnn bench --html`: well formed, alone in the world, harmless, readable without eyes; and its charts."""

import html.parser
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from xpnn import bench
from xpnn.backend import get_backend
from xpnn.bench.axis import LogAxis
from xpnn.bench.chart import Curve, Point, draw_chart
from xpnn.bench.markup import element, escape, make_table
from xpnn.bench.page import make_page
from xpnn.bench.style import STYLE
from xpnn.bench.timings import Timings
from xpnn.cli.main import main

EVIL = "<script src='http://evil.example/x.js'>alert(1)</script>&\x00\ud800\"'"
DOCUMENT = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "li", "div", "span", "pre"}
DRAWING = {"figure", "figcaption", "svg", "path", "text", "g", "desc"}
TABLE = {"table", "caption", "thead", "tbody", "tr", "th", "td"}


@pytest.fixture(scope="module")
def sweep():
    backends = {"numpy": get_backend("numpy"), "numpy:cpu": get_backend("numpy:cpu")}
    return bench.run_sweep(
        backends, widths=[4, 8], batches=[2, 3], rounds=2, slice_ms=0.1, unavailable={"moon": "Not here."}
    )


def read(text):
    """Read what this library wrote as XML."""
    return ElementTree.fromstring(text)  # noqa: S314


def parse(page):
    start = "<!DOCTYPE html>\n"
    assert page.startswith(start)
    return read(page.removeprefix(start))


class Links(html.parser.HTMLParser):
    """Collects whatever a browser could follow, load or run."""

    found: list

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "srcset", "action", "data", "style", "background", "ping"):
                self.found.append((tag, name, value))
            if name.startswith("on"):
                self.found.append((tag, name, value))


def assert_alone(page):
    """Nothing in the page refers to the network, or to any other file."""
    links = Links()
    links.found = []
    links.feed(page)
    assert links.found == []
    tags = {node.tag for node in parse(page).iter()}
    assert tags <= DOCUMENT | DRAWING | TABLE
    assert re.search(r"url\(|@import|expression\(", STYLE) is None


def test_the_page_is_well_formed_and_refers_to_nothing(sweep):
    page = make_page(sweep)
    assert_alone(page)
    assert "://" not in page
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    (meta,) = [node for node in parse(page).iter("meta") if "http-equiv" in node.attrib]
    assert meta.attrib == {"http-equiv": "Content-Security-Policy", "content": policy}


def test_the_checker_of_links_can_fail():
    for tag in ("img src='x'", "a href='x'", "p onclick='x'", "p style='x'"):
        with pytest.raises(AssertionError):
            assert_alone(f"<!DOCTYPE html>\n<{tag}></{tag.partition(' ')[0]}>")
    with pytest.raises(AssertionError):
        assert_alone("<!DOCTYPE html>\n<script></script>")


def test_strings_from_outside_are_text_and_nothing_else(sweep):
    machine = replace(sweep.machine, processor=EVIL, backends={EVIL: {EVIL: EVIL}}, warnings=(EVIL,))
    rounds = {EVIL: (1.0, 2.0)}
    case = replace(sweep.cases[0], timings=Timings(rounds, {EVIL: 1}), first_us={EVIL: 1.0}, rejected={EVIL: EVIL})
    case = replace(case, details={EVIL: case.details["numpy"]}, parts=dict.fromkeys(case.parts, case.timings))
    case = replace(case, parts={name: Timings(rounds, {EVIL: 1}) for name in case.parts})
    peaks = {EVIL: sweep.peaks["numpy"]}
    evil = bench.Sweep(machine, EVIL, 2, (case,), {EVIL: EVIL}, peaks)
    page = make_page(evil)
    assert_alone(page)
    text = "".join(parse(page).itertext())
    assert text.count("<script src='http://evil.example/x.js'>alert(1)</script>&\ufffd\ufffd\"'") > 10


def test_identifiers_are_unique_and_every_chart_has_a_title_and_a_description(sweep):
    root = parse(make_page(sweep))
    names = [node.attrib["id"] for node in root.iter() if "id" in node.attrib]
    assert len(names) == len(set(names)) == 6
    charts = [svg for svg in root.iter("svg") if svg.attrib.get("role") == "img"]
    assert len(charts) == 3
    for svg in charts:
        title, text = svg.attrib["aria-labelledby"].split()
        assert (svg.find("title").attrib["id"], svg.find("desc").attrib["id"]) == (title, text)
        assert svg.find("title").text and svg.find("desc").text


def test_the_page_holds_the_answers_the_numbers_and_what_was_left_out(sweep):
    text = "".join(parse(make_page(sweep)).itertext())
    for sentence in [*bench.conclusions(sweep), "moon: Not here.", sweep.machine.processor, "FLOP/B", "epoch", "saved"]:
        assert sentence in text


def test_the_page_of_one_backend_without_details_is_a_page_too(sweep):
    case = bench.Case(4, 2, 9, {"numpy": 1.0}, Timings({"numpy": (1.0,)}, {"numpy": 1}), {}, 2)
    machine = replace(sweep.machine, backends={"numpy": {}})
    assert_alone(make_page(bench.Sweep(machine, "perceptrons", 1, (case,), {})))
    assert_alone(make_page(bench.Sweep(machine, "perceptrons", 1, (replace(case, timings=Timings({}, {})),), {})))


def test_the_command_writes_the_page(tmp_path, capsys):
    path = tmp_path / "page.html"
    sizes = ["--widths", "4", "--batches", "2", "--rounds", "1"]
    assert main(["bench", "--backends", "numpy", *sizes, "--html", str(path)]) == 0
    assert_alone(path.read_text(encoding="utf-8"))
    assert capsys.readouterr().err.splitlines()[-1] == f"the page is {path}"


def test_the_command_refuses_a_page_that_cannot_be_written_before_it_measures(tmp_path, capsys):
    assert main(["bench", "--html", str(tmp_path / "no folder" / "page.html")]) == 2
    assert capsys.readouterr().err.startswith("xpnn: error: --html must be a file in a folder that exists")


# ---------------------------------------------------------------------------------------------------------- charts


def test_an_axis_maps_equal_ratios_to_equal_distances():
    axis = LogAxis([10.0, 1000.0], 0.0, 300.0)
    assert axis(100.0) - axis(10.0) == pytest.approx(axis(1000.0) - axis(100.0), abs=0.2)
    assert 0 < axis(10.0) < axis(1000.0) < 300
    assert axis.ticks() == [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]
    assert LogAxis([1.0, 1e6], 0.0, 300.0).ticks() == [10.0**power for power in range(7)]


def test_a_single_value_has_an_axis():
    axis = LogAxis([7.0], 0.0, 300.0)
    assert axis(7.0) == 150.0


def test_points_are_drawn_where_the_axes_say():
    points = [Point(1.0, 10.0, 9.0, 12.0, "first"), Point(100.0, 10.0, 10.0, 10.0, "second")]
    svg = read(draw_chart("c", "t", "d", "x", "y", [Curve("a", points, 0)])).find("svg")
    marks = [node for node in svg.iter("path") if node.attrib["class"] == "mark"]
    places = [tuple(map(float, re.findall(r"[\d.]+", node.attrib["transform"]))) for node in marks]
    assert places[0][0] < places[1][0]
    assert places[0][1] == places[1][1]
    assert [node.find("title").text for node in marks] == ["first", "second"]
    assert len([node for node in svg.iter("path") if node.attrib["class"] == "spread"]) == 1


def test_more_series_than_styles_go_round():
    curves = [Curve(str(i), [Point(1.0, 1.0 + i, 1.0, 1.0, "")], i) for i in range(9)]
    figure = read(draw_chart("c", "t", "d", "x", "y", curves))
    styles = [node.attrib["class"] for node in figure.find("svg").iter("g")]
    assert styles == [f"style{i % 6}" for i in range(9)]
    assert all(f".{style} " in STYLE for style in styles)


def test_markup_escapes_attributes_and_cells():
    assert element("p", "x", title='"<&') == '<p title="&quot;&lt;&amp;">x</p>'
    assert "&lt;b&gt;" in make_table([["<b>"], ["1"]], "numbers")
    assert escape("a\x1bb") == "a\ufffdb"
