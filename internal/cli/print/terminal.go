package print

import (
	"cmp"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"

	"github.com/polymoat/polymoat/internal/picture"
)

// The widths of lines: of what is no terminal, and of the narrowest terminal in which a node still has a name.
const (
	UsualWidth = 80
	MinWidth   = 24
)

// PictureOptions are what the console can show, in lines of such a width; 0 leaves it to the terminal.
func (c *Console) PictureOptions(characters int) picture.Options {
	if characters == 0 {
		characters = widthOf(c.terminal)
	}
	return picture.Options{Escape: Escape, Width: characters, Colour: wantsColour(c.terminal, os.Getenv), ASCII: !knowsUnicode(runtime.GOOS, os.Getenv)}
}

// widthOf is the width of a terminal, and the usual one of everything else.
func widthOf(out any) int {
	if f, ok := out.(*os.File); ok {
		if characters, _, err := term.GetSize(int(f.Fd())); err == nil && characters >= MinWidth {
			return characters
		}
	}
	return UsualWidth
}

// knowsUnicode is true for a locale of UTF-8, and on Windows, which has no such locales and whose terminals know it.
func knowsUnicode(system string, getenv func(string) string) bool {
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return system == "windows" && locale == "" || strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}
