# Photos that users share: copies of renditions in a private bucket, served by a distribution of its own
# together with the page that shows them. Users choose the bytes and the Content-Type of these files, so
# that they must not have the origin of the gallery, where people sign in.

locals {
  suffix = "s3.${var.deployment.region}.${var.deployment.dns_suffix}"

  headers = { files = var.file_headers, page = var.page_headers }

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

  deployment                = var.deployment
  name                      = var.bucket_name
  cloudfront                = { distribution_arns = [aws_cloudfront_distribution.this.arn], prefix = "shares/" }
  cors                      = var.cors
  cors_origins              = var.cors_origins
  expiration_days_by_prefix = var.expiration_days
  force_destroy             = true # copies
  log_bucket                = var.log_bucket
  log_prefix                = "shares/"
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = var.bucket_name
  description                       = "Access of CloudFront to the shared photos of ${var.name}."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_response_headers_policy" "this" {
  for_each = local.headers

  name    = "${var.bucket_name}-${each.key}" # must be unique in the account
  comment = "Headers of shared photos of ${var.name}: ${each.key}."

  security_headers_config {
    content_security_policy {
      content_security_policy = each.value["Content-Security-Policy"]
      override                = true
    }

    content_type_options {
      override = true
    }

    referrer_policy {
      referrer_policy = each.value["Referrer-Policy"]
      override        = true
    }

    strict_transport_security {
      access_control_max_age_sec = tonumber(trimprefix(each.value["Strict-Transport-Security"], "max-age="))
      override                   = true
    }
  }

  custom_headers_config {
    dynamic "items" {
      for_each = { for name in setsubtract(keys(each.value), local.security_headers) : name => each.value[name] }

      content {
        header   = items.key
        value    = items.value
        override = true
      }
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  comment             = "${var.name}: shared photos"
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  price_class         = var.price_class
  default_root_object = "share.html"
  aliases             = var.domain_name[*]
  tags                = var.deployment.tags

  dynamic "origin" {
    for_each = { page = var.site_bucket_name, shares = var.bucket_name }

    content {
      origin_id                = origin.key
      domain_name              = "${origin.value}.${local.suffix}"
      origin_access_control_id = aws_cloudfront_origin_access_control.this.id
    }
  }

  # The page, as the gallery's distribution serves it.
  default_cache_behavior {
    target_origin_id           = "page"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6" # Managed-CachingOptimized, the same ID in every account
    compress                   = true
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this["page"].id
    viewer_protocol_policy     = "redirect-to-https"
  }

  # Every request asks S3, so that a share that is withdrawn is gone at once.
  ordered_cache_behavior {
    path_pattern               = "/shares/*"
    target_origin_id           = "shares"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # Managed-CachingDisabled
    compress                   = false                                  # pictures are compressed already
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this["files"].id
    viewer_protocol_policy     = "redirect-to-https"
  }

  # S3 answers 403 for a missing object if the caller may not list the bucket: nobody learns whether there
  # was a share.
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
