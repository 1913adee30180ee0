// Package collector is the receiving end of OTLP for tests: what programs send to a real collector, they send here.
package collector

import (
	"context"
	"encoding/hex"
	"net"
	"strconv"
	"strings"
	"sync"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// Collector takes spans over gRPC and keeps them.
type Collector struct {
	collectorpb.UnimplementedTraceServiceServer
	address string
	server  *grpc.Server
	mu      sync.Mutex
	spans   []Span
}

// Span is what a program did within a trace.
type Span struct {
	Service    string // polymoat
	Name       string
	Trace, ID  string // in hexadecimal digits
	Parent     string // empty for the first one
	Failed     string // why; empty where it did not
	Attributes map[string]string
}

// Start listens on a free port of this machine.
func Start() (*Collector, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &Collector{address: l.Addr().String(), server: grpc.NewServer()}
	collectorpb.RegisterTraceServiceServer(c.server, c)
	go func() { _ = c.server.Serve(l) }() // until Stop
	return c, nil
}

// Address is where to send spans: "127.0.0.1:4317".
func (c *Collector) Address() string { return c.address }

// Stop ends it at once.
func (c *Collector) Stop() { c.server.Stop() }

// Trace are the spans of a trace that have come so far.
func (c *Collector) Trace(id string) []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []Span
	for _, s := range c.spans {
		if s.Trace == id {
			found = append(found, s)
		}
	}
	return found
}

// Export takes spans from a program.
func (c *Collector) Export(_ context.Context, r *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, program := range r.GetResourceSpans() {
		service := attributes(program.GetResource().GetAttributes())["service.name"]
		for _, scope := range program.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, span(service, s))
			}
		}
	}
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

func span(service string, s *tracepb.Span) Span {
	found := Span{
		Service: service, Name: s.GetName(), Attributes: attributes(s.GetAttributes()),
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
	}
	if s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR {
		found.Failed = s.GetStatus().GetMessage()
	}
	return found
}

// attributes are a span's by key, as text; those of a list stand one after the other.
func attributes(list []*commonpb.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range list {
		all[a.GetKey()] = text(a.GetValue())
	}
	return all
}

func text(v *commonpb.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_ArrayValue:
		var words []string
		for _, value := range v.ArrayValue.GetValues() {
			words = append(words, text(value))
		}
		return strings.Join(words, " ")
	case *commonpb.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue)
	case *commonpb.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	}
	return ""
}
