package pagemap_test

import (
	"fmt"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/polymoat/polymoat/internal/picture"
)

// amount is how many pods there are, as people write it, and on how many nodes.
type amount struct {
	pods  string
	nodes int
}

// counted counts in the map, not in the page.
func counted(m *picture.Map, fits func(picture.Pod) bool) amount {
	pods, nodes := 0, 0
	for _, pool := range m.Pools {
		for _, n := range pool.Nodes {
			before := pods
			for _, p := range n.Pods {
				if fits(p) {
					pods++
				}
			}
			if pods > before {
				nodes++
			}
		}
	}
	for _, p := range m.Waiting {
		if fits(p) {
			pods++
		}
	}
	return amount{message.NewPrinter(language.English).Sprint(pods), nodes}
}

// of is the sentence of a page that shows a part.
func (a amount) of(total amount) string {
	return fmt.Sprintf("%s of %s pods on %d nodes", a.pods, total.pods, a.nodes)
}

// visible says whether the first element that is selected is drawn. The debugger may ask so even where scripts are off.
func (p *page) visible(selector string) bool {
	p.Helper()
	return eval[bool](p, `Boolean(document.querySelector("`+selector+`")?.getClientRects().length)`)
}
