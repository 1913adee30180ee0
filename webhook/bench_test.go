package webhook

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/hostile"
	"github.com/polymoat/polymoat/internal/logging"
	"github.com/polymoat/polymoat/webhook/serve"
)

// The benchmark compares processes, so that none pays for the garbage of another: the test binary serves when it is
// called with -serve.
var (
	serveKind = flag.String("serve", "", "serve as floor, controller-runtime or polymoat, for the benchmark")
	serveAddr = flag.String("serve-address", "", "HOST:PORT for -serve")
	serveDir  = flag.String("serve-certs", "", "folder of the certificate for -serve")
)

func TestMain(m *testing.M) {
	hostile.AttackIfAsked()
	flag.Parse()
	logging.Adopt(slog.New(slog.DiscardHandler))
	if *serveKind == "" {
		// A certificate is watched from when it is opened, and only a server that runs ends that: see leavesNothing.
		goleak.VerifyTestMain(m, append(ignored("github.com/fsnotify/fsnotify.(*inotify).readEvents"), exporters...)...)
	}
	if err := serveBenchmark(*serveKind, *serveAddr, *serveDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// exporters are of spans, to a collector that is away: they give up some time after their server has ended.
var exporters = ignored("go.opentelemetry.io/otel/sdk/trace.(*batchSpanProcessor).processQueue",
	"go.opentelemetry.io/otel/sdk/trace.(*batchSpanProcessor).Shutdown.func1.1",
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc.(*client).exportContext.func1",
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc/internal/retry.wait",
	"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run",
	"google.golang.org/grpc.(*addrConn).resetTransportAndUnlock")

// ignored are goroutines with one of these functions on their stack.
func ignored(functions ...string) (options []goleak.Option) {
	for _, f := range functions {
		options = append(options, goleak.IgnoreAnyFunction(f))
	}
	return options
}

func serveBenchmark(kind, address, dir string) error {
	if kind == "polymoat" {
		policies, err := LoadPolicies("")
		if err != nil {
			return err
		}
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		o := Options{Certificate: Certificate{Dir: dir}, MetricsAddress: besideIt(address), MetricsOpen: true}
		if _, err := fmt.Sscan(port, &o.Port); err != nil {
			return err
		}
		return Run(context.Background(), o, policies, slog.New(slog.DiscardHandler))
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	switch kind {
	case "floor":
		mux.HandleFunc("/", floor)
	case "controller-runtime":
		hook, err := admission.StandaloneWebhook(&admission.Webhook{Handler: admission.HandlerFunc(doNothing)}, admission.StandaloneOptions{MetricsPath: "/"})
		if err != nil {
			return err
		}
		mux.Handle("/", hook)
	}
	go func() { _ = http.ListenAndServe(besideIt(address), mux) }() // metrics
	return http.ListenAndServeTLS(address, filepath.Join(dir, certs.CertName), filepath.Join(dir, certs.KeyName), mux)
}

// besideIt is where a contender serves its metrics. Its port is one of freeAddress, and this one is below those that the
// kernel gives to connections, too.
func besideIt(address string) string {
	var port int
	if _, err := fmt.Sscanf(address, "127.0.0.1:%d", &port); err != nil {
		panic(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port+2_500)
}

// floor is the least that a webhook can do: it finds the uid, without decoding anything, and answers "allowed".
func floor(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, rest, _ := bytes.Cut(body, []byte(`"uid":"`))
	uid, _, _ := bytes.Cut(rest, []byte(`"`))
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(fmt.Appendf(nil, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":%q,"allowed":true}}`, uid))
}

func doNothing(context.Context, admission.Request) admission.Response { return admission.Allowed("") }

// BenchmarkTLS measures whole reviews over TLS, all contenders in one run, in turns, and prints a table. Each is held
// against the floor with a body of the same size.
func BenchmarkTLS(b *testing.B) {
	const rounds, connections, span = 30, 8, 100 * time.Millisecond
	dir := b.TempDir()
	if _, err := certs.Open(dir); err != nil {
		b.Fatal(err)
	}
	contenders := starters(b)
	for _, c := range contenders {
		c.start(b, dir)
		c.load(b, connections, 5*span) // warm
		c.reset(b)
	}
	for b.Loop() {
		for range rounds {
			for _, c := range contenders {
				c.load(b, connections, span)
			}
		}
	}
	fmt.Fprintf(os.Stdout, "\n%d connections, TLS\n%-38s %7s %9s %6s %9s %9s %6s %8s %6s %7s %9s %9s\n", connections,
		"webhook", "bytes", "reviews/s", "ratio", "p50", "p99", "ratio", "cpu", "ratio", "allocs", "allocated", "peak")
	for _, c := range contenders {
		c.finish(b)
	}
	for _, c := range contenders {
		c.report(b)
	}
}

// BenchmarkReview is the corridor without TLS and HTTP.
func BenchmarkReview(b *testing.B) {
	raw := benchmarkReview(b)
	big := bigReview(b, raw)
	for _, tc := range []struct {
		name, path string
		body       []byte
	}{
		{"mutate", "/mutate", raw}, {"validate", "/validate", placedReview(b, raw)}, {"refused", "/validate", raw},
		{"out of scope", "/mutate", elsewhere(raw)},
		{"mutate 60 KB", "/mutate", big}, {"validate 60 KB", "/validate", placedReview(b, big)},
	} {
		b.Run(tc.name, func(b *testing.B) {
			mux, body := testMux(b), bytes.NewReader(tc.body)
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, tc.path, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(tc.body)
				r.Body = serve.Body{Reader: body, All: tc.body} // as package serve hands it on
				mux.ServeHTTP(discard{}, r)
			}
		})
	}
}

// discard is a client that reads nothing. What the server of net/http does for one is not counted.
type discard struct{}

var discarded = http.Header{}

func (discard) Header() http.Header         { return discarded }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// benchmarkReview is the creation of a job's pod by Polyaxon 2.16, as an API server sends it.
func benchmarkReview(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/review.json")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(raw)
}

// placedReview is the review that validate gets: of the pod as mutate left it.
func placedReview(t testing.TB, raw []byte) []byte {
	t.Helper()
	answer := post(t, testMux(t), "/mutate", raw)
	object := applyPatch(t, objectOf(t, raw), answer.Response.Patch)
	return withObject(t, raw, object)
}
