# The gallery's page: files in a private bucket that only CloudFront can read. `make publish` uploads
# them. Terraform writes config.json, which contains the names of all other resources.

locals {
  origin_id = "bucket"

  # CloudFront accepts these headers only in security_headers_config.
  security_headers = toset([
    "Content-Security-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
  ])
}

module "bucket" {
  source = "../bucket"

  deployment    = var.deployment
  name          = var.bucket_name
  cloudfront    = { distribution_arns = concat([aws_cloudfront_distribution.this.arn], var.distribution_arns) }
  force_destroy = true # its files can be built again
  log_bucket    = var.log_bucket
  log_prefix    = "site/"
}

resource "aws_s3_object" "config" {
  bucket        = module.bucket.name
  key           = "config.json"
  content       = jsonencode(var.config)
  content_type  = "application/json"
  cache_control = "no-cache"

  # An object can have 10 tags, and every other resource 50. With the tags of all resources, a team of 11 could not apply.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
  override_provider {
    default_tags {
      tags = {}
    }
  }
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = var.bucket_name
  description                       = "Access of CloudFront to the page of ${var.name}."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_response_headers_policy" "this" {
  name    = var.bucket_name # must be unique in the account
  comment = "Headers of all responses of ${var.name}."

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
  tags                = var.deployment.tags

  origin {
    origin_id                = local.origin_id
    domain_name              = "${var.bucket_name}.s3.${var.deployment.region}.${var.deployment.dns_suffix}"
    origin_access_control_id = aws_cloudfront_origin_access_control.this.id
  }

  # The Cache-Control header of each object determines how long it is cached: a year for files with a
  # content hash in their name, not at all for index.html and config.json.
  default_cache_behavior {
    target_origin_id           = local.origin_id
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6" # Managed-CachingOptimized, the same ID in every account
    compress                   = true
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    viewer_protocol_policy     = "redirect-to-https"
  }

  # S3 answers 403 for a missing object if the caller may not list the bucket. The page's own URLs only
  # differ after #, so no other path has to return it.
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

  # Without a custom domain, CloudFront uses its own certificate and its own minimum TLS version.
  viewer_certificate {
    acm_certificate_arn            = var.certificate_arn
    cloudfront_default_certificate = var.certificate_arn == null
    minimum_protocol_version       = var.certificate_arn == null ? "TLSv1" : "TLSv1.2_2021"
    ssl_support_method             = var.certificate_arn == null ? null : "sni-only"
  }
}
