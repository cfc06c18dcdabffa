"""The pages' content security policy, and what is taken out of them so that it can be strict."""

import re
from pathlib import Path

import pytest
import yaml

import inline
import policy

ROOT = Path(__file__).parents[2]
HEAD = '<html><head>\n<meta charset="utf-8" />\n<title>A page</title></head>'

# --- a class in place of an attribute -------------------------------------------------


def test_a_style_attribute_becomes_a_class_that_weighs_as_much():
    page = '<p style="width: 3%">a</p><img class="only-light" style="width: 3%;" alt="a > b"/>'
    out, rules = inline.styled_by_class(page)
    ((name, declarations),) = rules.items()
    assert declarations == "width: 3%"
    assert out == f'<p class="{name}">a</p><img class="only-light {name}" alt="a > b"/>'
    assert inline.sheet(rules) == f":where(.{name}) {{ width: 3% !important }}\n"


def test_every_declaration_weighs_as_much():
    text = inline.sheet({"set-a": "--legible: 300px; background: url(data:image/png;base64,A)"})
    assert text.count("!important") == 2
    assert "--legible: 300px !important; background: url(data:image/png;base64,A) !impo" in text


@pytest.mark.parametrize("text", ['<p>a style="b" attribute</p>', "<pre>&lt;p style=&quot;</pre>"])
def test_what_only_looks_like_a_style_attribute_stays(text):
    assert inline.styled_by_class(text) == (text, {})


def test_the_themes_buttons_say_what_they_do_by_words_that_the_script_knows():
    page = '<button onclick="window.print()"\n title="a"></button><i onclick="other()"></i>'
    out = inline.pressed_by_word(page)
    assert out == '<button data-press="print"\n title="a"></button><i onclick="other()"></i>'
    script = (ROOT / "book/_static/presses.js").read_text("utf-8")
    for word in inline.PRESSES.values():
        assert re.search(rf'"?{word}"?: \(\) =>', script), word
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
    assert "presses.js" in settings["html_js_files"]


def test_no_script_of_ours_writes_a_style_attribute():
    """lit's `.style=` sets the property, which a policy allows; `style=` sets the attribute."""
    scripts = [p for p in ROOT.glob("book/interactive/served/*/*.js") if p.parent.name != "vendor"]
    scripts += ROOT.glob("book/_static/*.js")
    assert len(scripts) > 10
    for path in scripts:
        found = re.findall(r"""(?<![.\w])style=|setAttribute\(['"]style""", path.read_text("utf-8"))
        assert not found, f"{path.relative_to(ROOT)}: write .style=, which needs no leave"


# --- the policy -----------------------------------------------------------------------


def rules(page, folder=Path()):
    parts = (part.split() for part in policy.policy(page, folder).split("; "))
    return {name: sources for name, *sources in parts}


def test_a_page_without_scripts_of_its_own_gets_the_least():
    found = rules(HEAD)
    assert found["default-src"] == found["base-uri"] == found["object-src"] == ["'none'"]
    assert found["script-src"] == found["style-src"] == ["'self'"]
    assert "worker-src" not in found and "blob:" not in found["img-src"]


def test_scripts_and_styles_in_the_page_are_known_by_digests_and_data_needs_none():
    page = (
        '<script>let a = 1;</script><script src="b.js"></script><script>let a = 1;</script>'
        '<script type="application/json">{"a": 1}</script><style>\np { top: 0 }</style>'
    )
    found = rules(page)
    # As `openssl dgst -sha256 -binary | base64` has it.
    assert found["script-src"] == [
        "'self'",
        "'sha256-xY6QKfH9PRsQnLz56nj6MBwiK5oHg+im1Jkpdp1x/Ck='",
    ]
    assert found["style-src"] == ["'self'", policy.digest("\np { top: 0 }")]


@pytest.mark.parametrize(
    ("sign", "name", "source"),
    [
        ("new Worker(url)", "worker-src", "'self'"),
        ("import('../vendor/tensorflow.js')", "script-src", "'wasm-unsafe-eval'"),
        ("URL.createObjectURL(a)", "img-src", "blob:"),
    ],
)
def test_a_page_gets_what_its_modules_do_and_not_more(tmp_path, sign, name, source):
    (tmp_path / "a").mkdir()
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/tensorflow.js").write_text("new Worker(a); URL.createObjectURL(b)")
    (tmp_path / "a/page.js").write_text("import {x} from './x.js';")
    (tmp_path / "a/x.js").write_text(f"import '../a/page.js';\nconst y = () => {sign};")
    page = '<script type="module" src="a/page.js?v=1"></script>'
    found = rules(page, tmp_path)
    assert source in found.pop(name)
    least = rules("")
    assert found == {other: least[other] for other in found}


def test_the_policy_comes_right_after_the_charset():
    out = policy.guarded(HEAD, Path())
    start = (
        '<html><head>\n<meta charset="utf-8" />\n<meta http-equiv="Content-Security-Policy" cont'
    )
    assert out.startswith(start)
    assert "default-src 'none'" in out and out.endswith("<title>A page</title></head>")
    with pytest.raises(ValueError, match="expected a head with <meta charset"):
        policy.guarded("<html><head></head>", Path())


@pytest.mark.parametrize(
    "wrong",
    ['onclick="a()"', 'style="top: 0"', 'href="javascript:a()"'],
)
def test_what_a_policy_refuses_is_named_when_the_book_is_built(wrong):
    assert any(found.endswith(wrong) for found in policy.refused(f'<a title="b > c" {wrong}>d</a>'))
    text = wrong.replace('"', "&quot;")
    assert policy.refused(f"<pre>{text}</pre><script>'<a {wrong}>'</script><p>{wrong}</p>") == []
