package pagemap_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/polymoat/polymoat/internal/picture"
	"github.com/polymoat/polymoat/internal/picture/picturetest"
)

// screenshots is where people find what the page looks like.
const screenshots = "../../dist/map"

// The page fits every screen in both schemes, with few nodes and with thousands, without a word in the console and
// without asking the network for anything.
func TestPageFitsEveryScreen(t *testing.T) {
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	chromium := browser(t)
	for name, m := range map[string]*picture.Map{
		"6":        picturetest.Cluster(6),
		"6-spoilt": picturetest.Spoil(picturetest.Cluster(6)),
		"300":      picturetest.Spoil(picturetest.Cluster(300)),
		"5000":     picturetest.Cluster(5000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			p := open(t, chromium, m)
			t.Logf("%s: drawn in %s", p.count(), time.Since(start).Round(time.Millisecond))
			if n := eval[int](p, `document.querySelectorAll('*').length`); n > 12000 {
				t.Errorf("the page has %d elements, want few enough for a browser at any size of the cluster", n)
			}
			for _, screen := range [][2]int64{{390, 844}, {1280, 800}, {1920, 1080}} {
				for _, scheme := range []string{"light", "dark"} {
					p.look(screen[0], screen[1], scheme)
					if wide := eval[int64](p, `document.documentElement.scrollWidth`); wide > screen[0] {
						t.Errorf("the page is %d wide on a screen of %d", wide, screen[0])
					}
					p.screenshot(fmt.Sprintf("%s-%d-%s", name, screen[0], scheme))
				}
			}
			p.checkQuiet()
		})
	}
}

func (p *page) screenshot(name string) {
	p.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(screenshots, name+".png"), png, 0o600); err != nil {
		p.Fatal(err)
	}
}

// Every filter shows the pods that fit, and no others; all of them together, too.
func TestFilters(t *testing.T) {
	m := picturetest.Spoil(picturetest.Cluster(300))
	p := open(t, browser(t), m)
	total := counted(m, func(picture.Pod) bool { return true })
	if want := fmt.Sprintf("%s pods on 300 nodes", total.pods); p.count() != want {
		t.Fatalf("the page shows %q, want %q", p.count(), want)
	}
	for _, tc := range []struct {
		field, text string
		fits        func(picture.Pod) bool
	}{
		{"namespace", "kube-system", func(p picture.Pod) bool { return p.Namespace == "kube-system" }},
		{"role", "notebooks", func(p picture.Pod) bool { return p.Role == "notebooks" }},
		{"role", "not governed", func(p picture.Pod) bool { return p.Role == "" }},
		{"owner", "ada", func(p picture.Pod) bool { return p.Owner == "ada" }},
		{"owner", "none", func(p picture.Pod) bool { return p.Owner == "" }},
		{"project", "jane/mnist", func(p picture.Pod) bool { return p.Owner == "jane" && p.Project == "mnist" }},
	} {
		p.choose(tc.field, tc.text)
		if got, want := p.count(), counted(m, tc.fits).of(total); got != want {
			t.Errorf("%s %q shows %q, want %q", tc.field, tc.text, got, want)
		}
		p.run(chromedp.Click(chromedp.CSS("#clear")))
	}

	p.choose("role", "jobs")
	p.run(chromedp.SendKeys(chromedp.CSS(`[name=text]`), "EXPERIMENTS-26"))
	p.run(chromedp.Click(chromedp.CSS(`[name=wrong]`)))
	if got := p.count(); got != "0 of "+total.pods+" pods on 0 nodes" {
		t.Errorf("all filters show %q", got)
	}
	p.run(chromedp.Click(chromedp.CSS("#clear")))
	if got := p.count(); got != total.pods+" pods on 300 nodes" {
		t.Errorf("without filters, the page shows %q", got)
	}
	p.checkQuiet()
}

// Only what is wrong: the marked pods, their nodes, why, and a link from the list to the node.
func TestWhatIsWrong(t *testing.T) {
	p := open(t, browser(t), picturetest.Spoil(picturetest.Cluster(300)))
	p.run(chromedp.Click(chromedp.CSS(`[name=wrong]`)))
	if got, want := p.count(), "3 of 3,311 pods on 3 nodes"; got != want {
		t.Errorf("the page shows %q, want %q", got, want)
	}
	const signs = `[...document.querySelectorAll('.node .cell')].map(c => c.textContent).join(' ')`
	if got, want := eval[string](p, signs), "J! J! C?"; got != want {
		t.Errorf("the cells say %q, want %q", got, want)
	}
	p.run(chromedp.Click(chromedp.CSS(`.findings a`)))
	if got, want := p.focus(), "core-1"; got != want {
		t.Errorf("the link leads to %q, want %q", got, want)
	}
	p.run(chromedp.KeyEvent(kb.Enter))
	const why = `document.querySelector('#node-core-1 .because').textContent`
	if got, want := eval[string](p, why), `role "jobs" may not use node pool "core"`; got != want {
		t.Errorf("the node says %q, want %q", got, want)
	}
	p.checkQuiet()
}

// Everything is reached by the keyboard, and what has the focus shows it.
func TestKeyboard(t *testing.T) {
	p := open(t, browser(t), picturetest.Cluster(300))
	press := func(key, want string) {
		t.Helper()
		p.run(chromedp.KeyEvent(key))
		if got := p.focus(); got != want {
			t.Fatalf("the focus is on %q, want %q", got, want)
		}
	}
	press(kb.Tab, "Skip to the nodes")
	if style := eval[string](p, `getComputedStyle(document.activeElement).outlineStyle`); style != "solid" {
		t.Errorf("the focus has the outline %q, want a solid one", style)
	}
	press(kb.Enter, "nodes")
	press(kb.Tab, "core-1")
	press(kb.ArrowDown, "core-2")
	press(kb.ArrowRight, "experiments-1")
	press(kb.ArrowRight, "builds-1")
	press(kb.ArrowLeft, "experiments-1")
	p.run(chromedp.KeyEvent(kb.Enter))
	if open := eval[string](p, `document.activeElement.getAttribute('aria-expanded')`); open != "true" {
		t.Errorf("Enter leaves the node at aria-expanded=%q, want true", open)
	}
	p.run(chromedp.Focus(chromedp.CSS(`.pool:nth-child(2) .more`)), chromedp.KeyEvent(kb.Enter))
	if got, want := p.focus(), "experiments-61"; got != want {
		t.Errorf("after more nodes are shown, the focus is on %q, want the first of them, %q", got, want)
	}
	p.checkQuiet()
}

// Without script there are no filters and boxes, but the verdict and all numbers.
func TestWithoutScript(t *testing.T) {
	p := open(t, browser(t), picturetest.Spoil(picturetest.Cluster(6)), call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	for selector, visible := range map[string]bool{
		"h1": true, ".findings li": true, "noscript p": true, ".numbers": true, "#filter": false, ".more": false,
	} {
		if got := p.visible(selector); got != visible {
			t.Errorf("%s is visible: %t, want %t", selector, got, visible)
		}
	}
	p.checkQuiet()
}
