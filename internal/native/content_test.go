package native

import (
	"regexp"
	"testing"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// TestImages: patterns take the images that the webhook takes.
func TestImages(t *testing.T) {
	patterns := []string{"acme/lab", "jupyter/*", "acme/la?", "acme/[a-c]x", "acme/[^a-c]x", `acme/\*x`, `acme/[\-a]x`, `acme/[a\]b]x`, "acme/lab.x"}
	images := []string{
		"acme/lab", "registry:5000/acme/lab:v1", "x/acme/lab@sha256:12", "acme/lab/more", "lab", "jupyter/base", "jupyter/", "acme/labx", "acme/la", "acme/ax",
		"acme/dx", "acme/*x", "acme/-x", "acme/]x", "acme/bx", "acme/labyx", "acme/lab.x:1", "acme/\nx", "notacme/lab",
	}
	for _, pattern := range patterns {
		compiled, err := regexp.Compile(imageOf(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, image := range images {
			if got, want := compiled.MatchString(image), polyaxon.ImageIs(image, pattern); got != want {
				t.Errorf("image %q is %q: got %v, want %v", image, pattern, got, want)
			}
		}
	}
}
