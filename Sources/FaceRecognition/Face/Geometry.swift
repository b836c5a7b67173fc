/// A place in an image, in pixels: x to the right, y down, the origin at the centre of the upper left pixel.
public struct Point: Sendable, Hashable, Codable {
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }

    public static func + (a: Point, b: Point) -> Point { Point(x: a.x + b.x, y: a.y + b.y) }
    public static func - (a: Point, b: Point) -> Point { Point(x: a.x - b.x, y: a.y - b.y) }
    public static func * (a: Point, factor: Double) -> Point { Point(x: a.x * factor, y: a.y * factor) }

    /// The distance from the origin, in pixels.
    public var length: Double { (x * x + y * y).squareRoot() }
}

/// An upright rectangle in pixels. It may reach outside its image: a face can be cut off by the edge.
public struct BoundingBox: Sendable, Hashable, Codable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    public var area: Double { max(0, width) * max(0, height) }
    public var centre: Point { Point(x: x + width / 2, y: y + height / 2) }

    /// The share of the two boxes' union that both cover, 0...1.
    public func intersectionOverUnion(_ other: BoundingBox) -> Double {
        let w = min(x + width, other.x + other.width) - max(x, other.x)
        let h = min(y + height, other.y + other.height) - max(y, other.y)
        guard w > 0, h > 0 else { return 0 }
        let both = w * h
        return both / (area + other.area - both)
    }
}

/// A turn, a uniform scaling and a shift: `x' = a x - b y + tx`, `y' = b x + a y + ty`.
public struct SimilarityTransform: Sendable, Hashable {
    public let a: Double
    public let b: Double
    public let tx: Double
    public let ty: Double

    public init(a: Double, b: Double, tx: Double, ty: Double) {
        self.a = a
        self.b = b
        self.tx = tx
        self.ty = ty
    }

    /// The transform that takes `points` closest to `targets` in the sum of squared distances.
    ///
    /// The closed form for a plane: with both sets centred, `a + bi` is the complex regression coefficient of the targets
    /// on the points. It is Umeyama's solution (IEEE TPAMI 13(4), 1991) without reflections, which cannot occur here.
    ///
    /// - Returns: nil when the points coincide, or a coordinate is not finite: no transform is determined then.
    /// - Precondition: both have the same number of points, at least 2.
    public init?(mapping points: [Point], onto targets: [Point]) {
        precondition(points.count == targets.count && points.count >= 2, "Points are mapped pair by pair")
        let n = Double(points.count)
        let p = points.reduce(Point(x: 0, y: 0), +) * (1 / n)
        let t = targets.reduce(Point(x: 0, y: 0), +) * (1 / n)
        var along = 0.0, across = 0.0, spread = 0.0
        for (point, target) in zip(points, targets) {
            let u = point - p, v = target - t
            along += u.x * v.x + u.y * v.y
            across += u.x * v.y - u.y * v.x
            spread += u.x * u.x + u.y * u.y
        }
        guard spread > 1e-9, spread.isFinite, along.isFinite, across.isFinite else { return nil }
        let a = along / spread, b = across / spread
        guard a * a + b * b > 1e-12 else { return nil }
        self.init(a: a, b: b, tx: t.x - (a * p.x - b * p.y), ty: t.y - (b * p.x + a * p.y))
    }

    public func callAsFunction(_ p: Point) -> Point {
        Point(x: a * p.x - b * p.y + tx, y: b * p.x + a * p.y + ty)
    }

    /// How many target pixels one source pixel becomes.
    public var scale: Double { (a * a + b * b).squareRoot() }

    public var inverse: SimilarityTransform {
        let d = a * a + b * b
        let ia = a / d, ib = -b / d
        return SimilarityTransform(a: ia, b: ib, tx: -(ia * tx - ib * ty), ty: -(ib * tx + ia * ty))
    }

    /// This transform first, then `next`.
    public func followed(by next: SimilarityTransform) -> SimilarityTransform {
        let shift = next(Point(x: tx, y: ty))
        return SimilarityTransform(
            a: next.a * a - next.b * b, b: next.b * a + next.a * b, tx: shift.x, ty: shift.y)
    }
}
