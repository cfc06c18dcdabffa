"""Shows on a small made-up site that every complaint of check_site can be made."""

import pytest

import check_site
import policy

PAGE = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' HASH;
style-src 'self'; img-src 'self' data:; base-uri 'none'; object-src 'none'"/>
<title>A page - Residual Networks</title>
<link rel="stylesheet" href="_static/book.css"/>
<link rel="canonical" href="https://example.org/"/>
<script>const a = "b//c";</script>
</head><body><article><h1 id="a-page">A page</h1>
<p>Adds <span class="math"><math><mi>x</mi></math></span>, as
<a href="https://example.org/">others</a> and
<a href="other.html#below">below</a> and <a href="#a-page">here</a>. <code>{ref}`x`</code></p>
<img src="_images/curve.png" alt="Training error of two networks"/>
</article></body></html>"""
PAGE = PAGE.replace("HASH", policy.digest('const a = "b//c";'))
META = PAGE[PAGE.index("<meta http") : PAGE.index("<title>")]
OTHER = f"""<html lang="en-GB"><head>{META}<title>Other</title></head>
<body><article><h1 id="below">Other</h1></article></body></html>"""
CSS = "p { background: url(data:image/png;base64,AAAA) } /* @font-face url('f.woff') */"


@pytest.fixture
def site(tmp_path):
    """A site without fault."""
    fonts = tmp_path / "_static/fonts"
    fonts.mkdir(parents=True)
    (fonts / "stix-two-math.woff").touch()
    (tmp_path / "_static/book.css").write_text(CSS)
    (tmp_path / "_images").mkdir()
    (tmp_path / "_images/curve.png").touch()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "other.html").write_text(OTHER)
    return tmp_path


def test_a_site_without_fault_passes(site):
    pages, complaints = check_site.check(site)
    assert complaints == []
    assert [page.name for page in pages] == ["index.html", "other.html"]


CDN = "https://cdn.example.org"
BINDER = "https://mybinder.org/v2/gh/me/book/v1.0.0?labpath=notebooks%2F"
COLAB = "https://colab.research.google.com/github/me/book/blob/v1.0.0/notebooks/"
FAULTS = {
    "script elsewhere": ("</body>", f'<script src="{CDN}/a.js"></script></body>', "another host"),
    "script without scheme": ("</body>", '<script src="//x.org/a.js"></script>', "another host"),
    "script in the page": ("b//c", f"{CDN}/a.js", "names another host"),
    "style elsewhere": ("_static/book.css", f"{CDN}/a.css", "another host"),
    "connection ahead": ("canonical", "preconnect", "another host"),
    "image elsewhere": ("_images/curve.png", f"{CDN}/a.png", "another host"),
    "frame elsewhere": ("</p>", f'</p><iframe src="{CDN}"></iframe>', "another host"),
    "picture source": ("</p>", f'</p><source srcset="{CDN}/a.png 2x">', "another host"),
    "font in the page": ("</p>", f"</p><style>@import '{CDN}/a.css';</style>", "another host"),
    "no policy": (META, "", "has 0 content security policies"),
    "policy that comes late": (META, f'<link href="other.html">{META}', "has its policy after"),
    "policy that lets in": ("default-src 'none'; ", "", "default-src is not 'none': None"),
    "scripts in the page": ("'self' 'sha", "'unsafe-inline' 'sha", "allows too much: script-src"),
    "scripts of text": ("'self' 'sha", "'unsafe-eval' 'sha", "allows too much: script-src"),
    "scripts of a host": ("'self' 'sha", f"{CDN} 'sha", "allows too much: script-src"),
    "scripts as data": ("'self' 'sha", "data: 'sha", "allows too much: script-src"),
    "script unknown to it": ("b//c", "b//d", "a policy that refuses: const a"),
    "style unknown to it": ("</p>", "</p><style>p { color: red }</style>", "refuses: p { color"),
    "script in an attribute": ("<p>", '<p onclick="x()">', 'refuses onclick="x()"'),
    "style it refuses": ("<p>", '<p style="top: 0">', 'refuses style="top: 0"'),
    "style attribute": ("<p>", f'<p style="background: url({CDN}/a.png)">', "another host"),
    "link to nothing": ("other.html#below", "gone.html", "gone.html leads nowhere"),
    "link out of the site": ("other.html#below", "../../x.html", "leads nowhere"),
    "Colab, and no address": ("other.html#below", f"{COLAB}a.ipynb", "the book has no address"),
    "Binder, and no address": ("other.html#below", f"{BINDER}a.ipynb", "the book has no address"),
    "place on another page": ("#below", "#above", "a place that its page has not"),
    "place on this page": ('"#a-page"', '"#b-page"', "a place that its page has not"),
    "image that is not there": ("curve.png", "curves.png", "curves.png leads nowhere"),
    "no alternative text": (' alt="Training error of two networks"', "", "no alternative text"),
    "empty text": ("Training error of two networks", " ", "no alternative text"),
    "path as text": ("Training error of two networks", "../images/a.png", "a path as alternative"),
    "file as text": ("Training error of two networks", "a.svg", "a path as alternative"),
    "no title": ("A page - Residual Networks", "", "has no title"),
    "no language": (' lang="en-GB"', "", "does not say its language"),
    "two first headings": ("</p>", "</p><h1>Again</h1>", "2 headings"),
    "formula left as TeX": ("<math><mi>x</mi></math>", "\\(x\\)", "not MathML: \\(x\\)"),
    "role left raw": ("Adds", "Adds {numref}`fig`", "raw markup: {numref}`"),
    "formula left raw": ("Adds", "Adds $x + 1$", "raw markup: $x + 1$"),
    "link left raw": ("Adds", "Adds [a](b.md)", "raw markup"),
    "fence left raw": ("Adds", "Adds :::{note}", "raw markup"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(site, fault):
    old, new, complaint = FAULTS[fault]
    assert PAGE.count(old) >= 1
    (site / "index.html").write_text(PAGE.replace(old, new, 1))
    _, complaints = check_site.check(site)
    assert any(complaint in line and line.startswith("index.html: ") for line in complaints)


@pytest.mark.parametrize("where", [COLAB, BINDER])
def test_a_link_that_opens_a_notebook_opens_one_of_the_book(site, where):
    (site / "sitemap.xml").touch()
    (site / "notebooks").mkdir()
    (site / "notebooks/a.html").write_text(OTHER)
    page = site / "index.html"
    page.write_text(PAGE.replace("other.html#below", f"{where}a.ipynb"))
    assert check_site.check(site)[1] == []
    page.write_text(PAGE.replace("other.html#below", f"{where}b.ipynb"))
    (complaint,) = check_site.check(site)[1]
    assert complaint.endswith("opens a notebook that the book has not")


def test_a_style_sheet_that_loads_from_elsewhere_is_found(site):
    (site / "_static/book.css").write_text(f"@import url('{CDN}/font.css');")
    _, complaints = check_site.check(site)
    assert complaints == [f"_static/book.css: loads {CDN}/font.css from another host"]


def test_missing_fonts_are_found(site):
    next(site.rglob("*.woff")).unlink()
    _, complaints = check_site.check(site)
    assert complaints == ["index.html: has formulas, and their font is not part of the site"]


def test_a_folder_without_a_front_page_is_found(site):
    (site / "index.html").unlink()
    pages, complaints = check_site.check(site)
    assert not pages
    assert "no index.html" in complaints[0]


def test_the_command_fails_where_a_page_has_a_fault(site, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["check_site.py", str(site)])
    check_site.main()
    assert "Checked 2 pages, 3 links, 1 images: no fault." in capsys.readouterr().out
    (site / "_images/curve.png").unlink()
    with pytest.raises(SystemExit, match=r"1 fault\(s\)"):
        check_site.main()
    assert "curve.png leads nowhere" in capsys.readouterr().err
