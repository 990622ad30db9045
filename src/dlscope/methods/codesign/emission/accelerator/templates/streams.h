// What flows between stages: words of LANES values, oldest first.
#ifndef DLSCOPE_STREAMS_H
#define DLSCOPE_STREAMS_H

template <typename VALUE, int LANES> struct Word {
    VALUE lane[LANES];
};

#if defined(__SYNTHESIS__)

#include <hls_stream.h>

template <typename WORD> using Stream = hls::stream<WORD>;

#else

#include <cstddef>
#include <vector>

template <typename WORD> class Stream {
    std::vector<WORD> words;
    std::size_t taken = 0;

public:
    WORD read() { return words.at(taken++); }
    void write(const WORD &word) { words.push_back(word); }
    bool empty() const { return taken == words.size(); }
};

#endif

// COUNT values in words of FROM lanes become the same values in words of TO; one divides the other.
template <int COUNT, int FROM, int TO, typename VALUE>
void resized(Stream<Word<VALUE, FROM> > &in, Stream<Word<VALUE, TO> > &out) {
    enum { STEP = FROM < TO ? FROM : TO };
    Word<VALUE, FROM> given;
    Word<VALUE, TO> taken;
    for (int first = 0; first < COUNT; first += STEP) {
#pragma HLS PIPELINE II=1
        if (first % FROM == 0) given = in.read();
        for (int lane = 0; lane < STEP; ++lane) {
#pragma HLS UNROLL
            taken.lane[first % TO + lane] = given.lane[first % FROM + lane];
        }
        if (first % TO == TO - STEP) out.write(taken);
    }
}

// COUNT values, each to both.
template <int COUNT, int LANES, typename VALUE>
void forked(Stream<Word<VALUE, LANES> > &in, Stream<Word<VALUE, LANES> > &one,
            Stream<Word<VALUE, LANES> > &other) {
    for (int first = 0; first < COUNT; first += LANES) {
#pragma HLS PIPELINE II=1
        const Word<VALUE, LANES> word = in.read();
        one.write(word);
        other.write(word);
    }
}

// The newest ROWS rows of a map of WIDTH by CHANNELS, LANES channels at a time.
template <typename VALUE, int ROWS, int WIDTH, int CHANNELS, int LANES> struct Rows {
    VALUE place[ROWS][WIDTH][CHANNELS];
    int slot, column, channel;
    int filled;  // places of the map so far, all their channels there

    void restart() {
#pragma HLS INLINE
        slot = column = channel = filled = 0;
    }

    void fill(Stream<Word<VALUE, LANES> > &in) {
#pragma HLS INLINE
        const Word<VALUE, LANES> word = in.read();
        for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL
            place[slot][column][channel + lane] = word.lane[lane];
        }
        channel += LANES;
        if (channel < CHANNELS) return;
        channel = 0;
        ++filled;
        if (++column < WIDTH) return;
        column = 0;
        slot = slot + 1 < ROWS ? slot + 1 : 0;
    }
};

#endif
