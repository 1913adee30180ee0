package pagemap_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/polymoat/polymoat/internal/picture"
)

// browser starts Chromium, which stops with the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.DisableGPU)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root, and the page is our own
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v; make browser installs it", err)
	}
	return ctx
}

// page is a tab in which a map is open.
type page struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	messages []string // that the page wrote to the console, and what the browser complained of
	requests []string
}

// open draws the map and opens it in a tab of its own, after what is done before.
func open(t *testing.T, browser context.Context, m *picture.Map, before ...chromedp.Action[chromedp.Void]) *page {
	t.Helper()
	file := filepath.Join(t.TempDir(), "map.html")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := picture.HTML(out, m); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	p := &page{T: t, ctx: ctx}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	p.run(call(log.Enable, cdp.Empty{}), call(network.Enable, network.EnableParams{}))
	p.run(before...)
	p.run(chromedp.Navigate("file://" + file))
	return p
}

// call is a command of the protocol of which only the error matters.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

func (p *page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		p.messages = append(p.messages, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		p.messages = append(p.messages, "console."+string(e.Type))
	case *runtime.EventExceptionThrown:
		p.messages = append(p.messages, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	}
}

// checkQuiet holds that the page said nothing and loaded nothing but itself.
func (p *page) checkQuiet() {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.messages) > 0 {
		p.Errorf("the console says:\n%s", strings.Join(p.messages, "\n"))
	}
	if len(p.requests) != 1 || !strings.HasPrefix(p.requests[0], "file://") {
		p.Errorf("the browser asked for %q, want only the page", p.requests)
	}
}

func (p *page) run(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.Fatal(err)
	}
}

// look makes the tab a screen of such a size and scheme.
func (p *page) look(width, height int64, scheme string) {
	p.Helper()
	p.run(
		chromedp.EmulateViewport(width, height),
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
	)
}

// eval is the value of an expression of the page's.
func eval[T any](p *page, expression string) T {
	p.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.Fatal(err)
	}
	return value
}

// choose picks the option with that text, as a user does.
func (p *page) choose(field, text string) {
	p.Helper()
	eval[bool](p, `(() => {
		const select = document.querySelector('[name="`+field+`"]');
		select.value = [...select.options].find(o => o.text === "`+text+`").value;
		return select.dispatchEvent(new Event('input', {bubbles: true}));
	})()`)
}

// count is what the page says that it shows.
func (p *page) count() string {
	p.Helper()
	return eval[string](p, `document.getElementById('count').textContent`)
}

// focus is what has the focus.
func (p *page) focus() string {
	p.Helper()
	return eval[string](p, `document.activeElement.id || document.activeElement.textContent.trim() || document.activeElement.name`)
}
