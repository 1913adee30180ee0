package layers_test

import (
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/layers"
)

func TestExports(t *testing.T) {
	both := []v1alpha1.File{{Policy: v1alpha1.Default()}, {Policy: gpus(t)}}
	class, err := layers.ParseNodeClass("karpenter.k8s.aws/EC2NodeClass/default")
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][]v1alpha1.File{"default": both[:1], "both": both} {
		karpenter, err := layers.Karpenter(files, class)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "karpenter-"+name, karpenter)
		kueue, err := layers.Kueue(files)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "kueue-"+name, kueue)
	}
}

func TestNodeClasses(t *testing.T) {
	for _, text := range []string{"", "default", "a/b", "a/b/", "a//c", "a/b/c/d"} {
		want := `"` + text + `" is no node class; write it as GROUP/KIND/NAME, such as karpenter.k8s.aws/EC2NodeClass/default`
		if _, err := layers.ParseNodeClass(text); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
