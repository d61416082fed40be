# The page: files in a private bucket, which CloudFront alone reads, and config.json beside them,
# which tells the page where everything else is. `make publish` uploads the files.

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  origin_id = "bucket"

  # CloudFront has a place of its own for these, and takes them nowhere else.
  security_headers = toset([
    "Content-Security-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
  ])
}

module "bucket" {
  source = "../bucket"

  name          = var.bucket_name
  cloudfront    = { distribution_arn = aws_cloudfront_distribution.this.arn }
  force_destroy = true # whatever is in it can be built again
  log_bucket    = var.log_bucket
  log_prefix    = "site/"
}

resource "aws_s3_object" "config" {
  bucket        = module.bucket.name
  key           = "config.json"
  content       = jsonencode(var.config)
  content_type  = "application/json"
  cache_control = "no-cache"
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = var.bucket_name
  description                       = "CloudFront, reading the page of ${var.name}."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_response_headers_policy" "this" {
  name    = var.bucket_name # one namespace for the whole account
  comment = "Headers of every answer of ${var.name}."

  security_headers_config {
    content_security_policy {
      content_security_policy = var.headers["Content-Security-Policy"]
      override                = true
    }

    content_type_options {
      override = true
    }

    referrer_policy {
      referrer_policy = var.headers["Referrer-Policy"]
      override        = true
    }

    strict_transport_security {
      access_control_max_age_sec = tonumber(trimprefix(var.headers["Strict-Transport-Security"], "max-age="))
      override                   = true
    }
  }

  custom_headers_config {
    dynamic "items" {
      for_each = { for name in setsubtract(keys(var.headers), local.security_headers) : name => var.headers[name] }

      content {
        header   = items.key
        value    = items.value
        override = true
      }
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  comment             = var.name
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  price_class         = var.price_class
  default_root_object = "index.html"
  aliases             = var.domain_name[*]

  origin {
    origin_id                = local.origin_id
    domain_name              = "${var.bucket_name}.s3.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}"
    origin_access_control_id = aws_cloudfront_origin_access_control.this.id
  }

  # How long an answer is kept, its own Cache-Control says: files that are named by their content for
  # a year, index.html and config.json not at all.
  default_cache_behavior {
    target_origin_id           = local.origin_id
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6" # Managed-CachingOptimized, in every account
    compress                   = true
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    viewer_protocol_policy     = "redirect-to-https"
  }

  # S3 says 403 of what is not there to whoever may not list. The page's own addresses all begin
  # with #, so that no other path leads to it.
  custom_error_response {
    error_code            = 403
    response_code         = 404
    response_page_path    = "/404.html"
    error_caching_min_ttl = 10
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  # Without a domain of one's own CloudFront has its own certificate, and decides on TLS itself.
  viewer_certificate {
    acm_certificate_arn            = var.certificate_arn
    cloudfront_default_certificate = var.certificate_arn == null
    minimum_protocol_version       = var.certificate_arn == null ? "TLSv1" : "TLSv1.2_2021"
    ssl_support_method             = var.certificate_arn == null ? null : "sni-only"
  }
}
